-- Which blocks act at this moment, for whom, and why?
SELECT item_id, COALESCE(user_id, 'everyone') AS for_user, starts_at, until, reason, by
FROM blocked_item
WHERE placement = :placement
  AND (starts_at IS NULL OR starts_at <= CURRENT_TIMESTAMP)
  AND (until IS NULL OR until > CURRENT_TIMESTAMP)
ORDER BY item_id, for_user
