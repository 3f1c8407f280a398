-- Why does an item stand in a user's list? The ranker's gain tells how strongly a reason speaks for it.
SELECT e.reason, e.source, e.source_rank, e.gain, e.detail
FROM explanation e
JOIN slot s ON s.run_no = e.run_no
WHERE s.placement = :placement AND s.name = 'live'
  AND e.user_id = :user_id AND e.item_id = :item_id
ORDER BY e.gain IS NULL, e.gain DESC, e.source_rank
