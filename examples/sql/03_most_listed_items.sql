-- Which items stand in the most lists, and what share of the users do they reach?
SELECT item_id,
       COUNT(*) AS lists,
       ROUND(1.0 * COUNT(*) / (SELECT COUNT(DISTINCT user_id)
                               FROM current_recommendations
                               WHERE placement = :placement), 4) AS share_of_users,
       MIN(rank) AS best_rank
FROM current_recommendations
WHERE placement = :placement
GROUP BY item_id
ORDER BY lists DESC, item_id
LIMIT 20
