-- Of the items that the last move took off or put on lists: which, and on how many lists?
WITH last_move AS (
    SELECT from_run_no, to_run_no
    FROM slot_move
    WHERE placement = :placement AND name = 'live' AND from_run_no IS NOT NULL AND to_run_no IS NOT NULL
    ORDER BY id DESC
    LIMIT 1
),
counted AS (
    SELECT r.item_id,
           SUM(CASE WHEN r.run_no = l.from_run_no THEN 1 ELSE 0 END) AS lists_before,
           SUM(CASE WHEN r.run_no = l.to_run_no THEN 1 ELSE 0 END) AS lists_now
    FROM recommendation r
    JOIN run ON run.run_no = r.run_no
    JOIN last_move l ON r.run_no IN (l.from_run_no, l.to_run_no)
    WHERE r.rank <= run.list_size
    GROUP BY r.item_id
)
SELECT item_id, lists_before, lists_now, lists_now - lists_before AS change
FROM counted
WHERE lists_now <> lists_before
ORDER BY ABS(lists_now - lists_before) DESC, item_id
LIMIT 20
