"""User neighbours: what those with similar histories met."""

from scipy.sparse import csr_array

from fusion.data.histories import UserHistories
from fusion.models.base.registry import register
from fusion.models.base.sparse_scores import keep_best
from fusion.models.base.user_similarity import NeighbourSettings, UserSimilarityModel


@register("user_knn")
class UserKnn(UserSimilarityModel):
    """Scores are the histories of the nearest users, weighed by similarity.

    Source: Herlocker et al., An Algorithmic Framework for Performing Collaborative Filtering, SIGIR
    1999.
    """

    Config = NeighbourSettings
    reason_text = "similar people took it"

    def sparse_scores(self, users: UserHistories) -> csr_array:
        """Sum the neighbours' histories; nothing for items none of them met."""
        near = keep_best(self.similar(users), self.config.neighbours)
        return csr_array(near @ self.histories_)
