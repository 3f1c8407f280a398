-- What is live, since when, and who put it there?
SELECT s.placement, s.name AS slot, run.run_id, run.method, run.as_of, s.changed_at, s.changed_by, s.reason
FROM slot s
JOIN run ON run.run_no = s.run_no
ORDER BY s.placement, s.name
