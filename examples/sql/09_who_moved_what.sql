-- Who published, approved, rolled back or rejected what, newest first?
SELECT m.at, m.name AS slot, m.action, before.run_id AS run_before, after.run_id AS run_after, m.by, m.reason
FROM slot_move m
LEFT JOIN run before ON before.run_no = m.from_run_no
LEFT JOIN run after ON after.run_no = m.to_run_no
WHERE m.placement = :placement
ORDER BY m.id DESC
LIMIT 20
