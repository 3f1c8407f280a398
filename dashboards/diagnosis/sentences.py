"""Sentences of causes by their code: what is the matter, and what to look at next."""

from collections.abc import Mapping
from typing import Any

from fusion.watching.causes import CAUSES

SENTENCES = {
    # data
    "standing_alert": "Alert {alert} of {subject} stands. `fusion alerts` shows it.",
    "finding": "Finding {finding} concerns {share:.1%} of {subject}, more than in the run before. "
    "`fusion check` names rows.",
    "drifted": "{share:.0%} of the columns of {subject} have drifted against the run before"
    "{columns}. Did the source of the data change, or who comes?",
    "fewer_in_data": "The data holds {now:,.0f} {subject}, and {before:,.0f} in the run before. "
    "Is a file cut short?",
    "more_in_data": "The data holds {now:,.0f} {subject}, and {before:,.0f} in the run before. "
    "Was a file delivered twice?",
    "level_fell": "NDCG@10 of {method} is {now:.4f}, and was {before:.4f} in the run before, while "
    "candidates and the ranker kept their places: what people did in this window is harder to "
    "foresee. `fusion watch` tells of taste and mix.",
    # candidates
    "source_failed": "Source {source} failed, and lists are made without it. The log has its "
    "error: mend it, or take it out of [[sources]].",
    "source_left_out": "Source {source} took part in the run before, and is left out now. "
    "`fusion sources` says what it needs.",
    "source_silent": "Source {source} proposes nothing to {value:.0%} of the users. Is what it "
    "reads missing from the data?",
    "source_constant": "Source {source} lists the same for every user. Does it still read "
    "histories?",
    "source_changed": "Source {source} keeps {value:.0%} of the overlap that is usual from one fit "
    "to the next. Are items or users missing from what it was fitted on?",
    "source_ceiling": "Source {source} proposed {value:.1%} of the labels, less than half of what "
    "it did in the run before. Is what it reads missing from the data?",
    "source_lost": "Source {source} proposed {now:.1%} of the labels, and {before:.1%} in the run "
    "before. Look at what it is fitted on, and at its settings.",
    "sources_changed": "Serving fits list hardly anything of what the verdict's fits listed. Are "
    "items or users missing from the newest data?",
    "ceiling_fell": "All candidates together hold {now:.1%} of the labels, and {before:.1%} in the "
    "run before. Do people choose items that no source proposes, such as new ones?",
    # ranker
    "ranker_fell": "The ranker lost its order: candidates are as before, and it ranks them far "
    "below {rival}. Do labels mean something else since: [data] positive, or events of "
    "another kind?",
    "serving_ranker_broken": "The ranker that serves falls below a source on labels that it was "
    "fitted on: it is broken. Train again; what is live has not moved.",
    "features_moved": "Features mean something else in what is served than in training{columns}. "
    "Did their columns change?",
    "features_drifted": "{share:.0%} of the ranker's steady features have drifted from training to "
    "what is served{columns}. Did their columns change?",
    "lost_ground": "The ranker lost ground: {now:+.4f} NDCG@10 against {rival}, and {before:+.4f} "
    "in the run before, with candidates as before. Look at the features that shifted.",
    "method_changed": "Lists are made by {method} now, and were by {before}. The verdict says why.",
    # rules
    "rules_moved": "Rules moved {now:.0%} of the rows of lists, and {before:.0%} in the run before"
    "{rules}. Are they meant so? `fusion diff` shows what was gained and lost.",
    "blocks_moved": "Blocks took {now:.0%} of the rows out of lists, and {before:.0%} in the run "
    "before. Are they meant so? The table blocked_item says whose they are.",
    "blocks_hide": "Blocks that came since hide {share:.0%} of the rows that are shown. Are they "
    "meant so? The table blocked_item says whose they are.",
    "exposure_beyond": "The {subject} is beyond its limit. [[limit_exposure]] in the rules file, "
    "and new_items in [lists], keep a share as far as candidates and other rules allow.",
    "rules_changed": "The rules of lists are others than in the run before. Are they meant so?",
    # publishing
    "check_failed": "A check before publishing did not hold: {check}. The run says which rows.",
    "rows_fell": "Lists hold {now:,.0f} rows, and {before:,.0f} in the run before. Are users "
    "missing from the data?",
    "rows_rose": "Lists hold {now:,.0f} rows, and {before:,.0f} in the run before. Did users come "
    "twice?",
    "fallback_rose": "The fallback serves {now:.0%} of the users, and {before:.0%} in the run "
    "before: they have no list of their own. Did their ids or their histories change?",
    "short_lists": "{now:.0%} of the lists are shorter than they should be, and {before:.0%} in "
    "the run before. Do rules, or a small catalogue, leave too little?",
    # configuration
    "configuration_changed": "The configuration changed between the two runs ([{section}]), which "
    "may be all there is to it.",
    # nothing
    "unexplained": "Something moved ({what}), and no figure that is looked at explains it. "
    "`fusion diff` compares the lists of both runs.",
    "first_run": "It is the first run: there is nothing to compare with, and nothing is broken.",
    "nothing_moved": "Nothing moved beyond chance.",
    "below_by_chance": "The lists did less than was promised (NDCG@10 {value:.4f}), no more than "
    "chance explains: one interval in forty is undercut by it.",
}
"""Templates of `str.format`. Causes that a watch names have the words of `fusion.watching`."""


def sentence_of(code: str, parameters: Mapping[str, Any]) -> str:
    """Return the sentence of a cause.

    Args:
        code: of `SENTENCES`, or of a cause of `fusion.watching.causes`.
        parameters: that it is made of.

    Returns:
        One or two sentences.
    """
    if code in SENTENCES:
        return SENTENCES[code].format_map(parameters)
    cause = CAUSES[code]
    says = cause.says.format_map(parameters)
    return f"{says[0].upper()}{says[1:]}. {cause.do.format_map(parameters)}"


def named(names: list[str]) -> str:
    """Return names as the end of a clause.

    Args:
        names: the most important first; a clause has three at most.

    Returns:
        ", most of all a, b, c"; "" without names.
    """
    return f", most of all {', '.join(names[:3])}" if names else ""
