-- How many different items are shown at all, and how many lists does each stand in on average?
SELECT COUNT(DISTINCT item_id) AS items,
       COUNT(DISTINCT user_id) AS users,
       ROUND(1.0 * COUNT(*) / COUNT(DISTINCT item_id), 2) AS lists_an_item
FROM current_recommendations
WHERE placement = :placement
