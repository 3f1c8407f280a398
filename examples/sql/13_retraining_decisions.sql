-- What did the retraining policy answer, and why?
SELECT at, due, trigger, reason
FROM decision
WHERE placement = :placement
ORDER BY id DESC
LIMIT 20
