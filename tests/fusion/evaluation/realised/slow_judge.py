"""The same judgement, slow and obvious: plain loops over plain tuples."""

from math import log2


def blocked_at(blocks, user, item, moment):
    """Whether any block hides an item from a user (None: from a fallback list) at a moment."""
    for one_item, whom, starts, until in blocks:
        acts = (starts is None or starts <= moment) and (until is None or moment < until)
        if one_item == item and acts and whom in (None, user):
            return True
    return False


def shown_to(world, lists, user, moment):
    """Own list, else the segment's, else that of all; of each what is not blocked."""
    rows = lists.get(user, [])
    own = [item for item in rows if not blocked_at(world.blocks, user, item, moment)]
    if own:
        return own[: world.size]
    for name in (world.segment_of.get(user) or "all", "all"):
        rows = world.fallback.get(name, [])
        left = [item for item in rows if not blocked_at(world.blocks, None, item, moment)]
        if left:
            return left[: world.size]
    return []


def labels_of(events, start, end, repeats=False, unavailable=()):
    """First moment of each (user, item) that counts."""
    seen = {(user, item) for user, item, time, _ in events if time < start}
    labels = {}
    for user, item, time, liked in sorted(events, key=lambda row: row[2]):
        is_wanted = start <= time < end and liked and item not in unavailable
        if is_wanted and (repeats or (user, item) not in seen):
            labels.setdefault((user, item), time)
    return labels


def mean_ndcg(world, users, k, *, is_fallback=False):
    """Mean over users with a label; places hit are those of the list at the label's moment."""
    labels = labels_of(world.events, world.start, world.end)
    total = []
    for user in sorted(users):
        wanted = {item: time for (whom, item), time in labels.items() if whom == user}
        if not wanted:
            continue
        hits = set()
        for item, time in wanted.items():
            lists = {} if is_fallback else world.lists
            shown = shown_to(world, lists, user, time)
            if item in shown[:k]:
                hits.add(shown.index(item))
        best = sum(1 / log2(place + 2) for place in range(min(k, len(wanted))))
        total.append(sum(1 / log2(place + 2) for place in hits) / best)
    return sum(total) / len(total)
