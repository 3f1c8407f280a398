-- How many users get a list of their own, and how many the fallback of everyone?
SELECT u.route, COUNT(*) AS users
FROM served_user u
JOIN slot s ON s.run_no = u.run_no
WHERE s.placement = :placement AND s.name = 'live'
GROUP BY u.route
ORDER BY users DESC, u.route
