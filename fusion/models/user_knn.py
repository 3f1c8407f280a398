"""User neighbours: items of users with similar histories."""

from scipy.sparse import csr_array

from fusion.data.histories import UserHistories
from fusion.models.base.registry import register
from fusion.models.base.sparse_scores import keep_best
from fusion.models.base.user_similarity import NeighbourSettings, UserSimilarityModel


@register("user_knn")
class UserKnn(UserSimilarityModel):
    """Histories of the nearest users, summed by similarity.

    Herlocker et al., An Algorithmic Framework for Performing Collaborative Filtering, SIGIR 1999.
    """

    Config = NeighbourSettings
    reason_text = "similar people took it"

    def sparse_scores(self, users: UserHistories) -> csr_array:
        """Sum the histories of each user's neighbours.

        Args:
            users: B users with their histories.

        Returns:
            (B, I) float32; nothing is stored for items that no neighbour has.
        """
        nearest = keep_best(self.similar(users), self.config.neighbours)
        return csr_array(nearest @ self.histories_)
