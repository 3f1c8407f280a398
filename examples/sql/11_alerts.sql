-- What did monitoring raise, newest first: the figure beside its limit?
SELECT a.at, run.run_id, a.subject, a.name, a.value, a.threshold, a.message
FROM alert a
JOIN run ON run.run_no = a.run_no
WHERE run.placement = :placement
ORDER BY a.id DESC
LIMIT 20
