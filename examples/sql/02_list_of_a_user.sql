-- What does one user see, best first?
SELECT rank, item_id, score, route, run_id
FROM current_recommendations
WHERE placement = :placement AND user_id = :user_id
ORDER BY rank
