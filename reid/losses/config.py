"""The settings of the objectives. Defaults are those of the papers or of the strong baselines in the field."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from reid.extension_settings import ListedNames, checked_by_name
from reid.registry import Extension, Registry
from reid.section import OptionsByName, Section, Share

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Metric = Literal["euclidean", "unit-euclidean", "cosine"]
METRIC = "euclidean: of vectors as they are; unit-euclidean: of vectors of length 1; cosine: 1 - cosine"
DISTILLATION = "distillation"  # needs no labels, but teachers


class TripletConfig(Section):
    """Triplets: anchor, same person, other person (Schroff et al. 2015, Hermans et al. 2017)."""

    mining: Literal["batch-hard", "semi-hard", "all", "informative-positive"] = Field(
        "all",
        description="all: the mean over those that cost something; batch-hard: farthest positive, nearest negative; "
        "semi-hard: negatives beyond the positive but within the margin; informative-positive: the farthest positive "
        "that is nearer than the nearest negative",
    )
    margin: NotNegative | None = Field(
        0.3, description="the negative should be farther by this; null: soft margin, log(1 + exp(d+ - d-))"
    )
    distance: Metric = Field("unit-euclidean", description=METRIC)

    @model_validator(mode="after")
    def _something_is_mined(self) -> Self:
        if self.mining == "semi-hard" and self.margin == 0:
            raise ValueError("mining semi-hard finds nothing with a margin of 0; give margin 0.3")
        return self


class ContrastiveConfig(Section):
    """Pairs, the siamese objective (Hadsell et al. 2006)."""

    margin: Positive = Field(1.0, description="pairs of two people farther apart than this cost nothing")
    distance: Metric = Field("unit-euclidean", description=METRIC)


class QuadrupletConfig(Section):
    """Two people beside the anchor's own (Chen et al. 2017): d(a,p) < d(a,n1) and d(a,p) < d(n1,n2)."""

    margin: NotNegative = Field(0.3, description="of the first term, with the anchor's own negative")
    margin_of_others: NotNegative = Field(0.15, description="of the second term, between two other people")
    hard: bool = Field(
        True,
        description="each anchor's farthest positive and nearest negatives; false: all quadruplets",
    )
    distance: Metric = Field("euclidean", description=METRIC)


class ProxyNcaConfig(Section):
    """A learned proxy a person, neighbourhood components (Movshovitz-Attias et al. 2017)."""

    scale: Positive = Field(8.0, description="of the squared distances in the exponent")


class ProxyAnchorConfig(Section):
    """A learned proxy a person as anchor (Kim et al. 2020)."""

    margin: NotNegative = Field(0.1, description="of the cosine")
    scale: Positive = Field(32.0, description="of the cosine in the exponent; the paper's alpha")


class MultiSimilarityConfig(Section):
    """Pairs weighted by three similarities (Wang et al. 2019)."""

    alpha: Positive = Field(2.0, description="sharpness of pairs of one person")
    beta: Positive = Field(50.0, description="sharpness of pairs of two people")
    base: Share = Field(0.5, description="the similarity around which pairs are weighted; the paper's lambda")
    mining: bool = Field(True, description="leave out pairs that are easy by more than epsilon")
    epsilon: NotNegative = Field(0.1, description="of the mining")


class CircleConfig(Section):
    """Pairs that weight themselves by how far they are from their goal (Sun et al. 2020)."""

    margin: Share = Field(0.25, description="relaxation; the paper's m")
    scale: Positive = Field(64.0, description="of the similarities in the exponent; the paper's gamma")


class CenterConfig(Section):
    """A learned centre a person (Wen et al. 2016); use it beside another objective."""

    learning_rate: Positive = Field(
        0.5, description="of the centres, which are updated by plain gradient descent"
    )


class SoftmaxConfig(Section):
    """Classification of the people in training, cross-entropy."""

    smoothing: Annotated[Share, Field(lt=1)] = Field(
        0.1,
        description="label smoothing (Szegedy et al. 2016): share of the target given to all people alike",
    )


class AngularConfig(Section):
    """A margin in the classifier's angles: ArcFace (Deng et al. 2019), CosFace (Wang et al. 2018)."""

    margin: NotNegative = Field(0.35, description="arcface: of the angle, in radians; cosface: of its cosine")
    scale: Positive = Field(30.0, description="of the cosine in the exponent")


class NPairConfig(Section):
    """One positive against one negative of every other person (Sohn 2016)."""

    l2: NotNegative = Field(0.002, description="weight of the mean squared length of the vectors")


class DistillationConfig(Section):
    """Agreement with other encoders, the teachers (Park et al. 2019; Passalis and Tefas 2018)."""

    vectors: NotNegative = Field(
        1.0, description="weight of 1 - cosine between a teacher's vector and a learned linear map of ours"
    )
    relations: NotNegative = Field(1.0, description="weight of the agreement of the batch's similarities")
    relation: Literal["pkt", "rkd"] = Field(
        "rkd",
        description="rkd: of distances, as multiples of their mean; pkt: of the chances to be neighbours",
    )

    view: Literal["plain", "augmented"] = Field(
        "plain",
        description="what teachers see. plain: images as they are, whose vectors are computed once and kept; "
        "augmented: what the network sees, before blur, low resolution, patch and erasing (Beyer et al. 2022); "
        "needs augment.by batch",
    )

    @model_validator(mode="after")
    def _something_is_compared(self) -> Self:
        if self.vectors == 0 and self.relations == 0:
            raise ValueError("vectors and relations are both 0, which compares nothing; give one of them 1")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveExtension(Extension):
    """A row of `OBJECTIVES`.

    Args:
        sees: what the module is called with. pairs: a `Compared` of the vectors before the neck; vectors: those and
            persons; classifier: the vectors behind the neck and persons; teachers: those and the teachers' vectors.
        memory: pairs may hold vectors of earlier batches.
    """

    sees: Literal["pairs", "vectors", "classifier", "teachers"]
    memory: bool = False


# build(settings) -> nn.Module for pairs, else build(settings, dimension=, people=, generator=); it gives a `Cost`
OBJECTIVES = Registry(
    "objective",
    "reid.objectives",
    ObjectiveExtension,
    {
        "triplet": ObjectiveExtension(
            config=TripletConfig, build="reid.losses.triplet:Triplet", sees="pairs", memory=True
        ),
        "contrastive": ObjectiveExtension(
            config=ContrastiveConfig, build="reid.losses.contrastive:Contrastive", sees="pairs", memory=True
        ),
        "multi-similarity": ObjectiveExtension(
            config=MultiSimilarityConfig,
            build="reid.losses.multi_similarity:MultiSimilarity",
            sees="pairs",
            memory=True,
        ),
        "circle": ObjectiveExtension(
            config=CircleConfig, build="reid.losses.circle:Circle", sees="pairs", memory=True
        ),
        "quadruplet": ObjectiveExtension(
            config=QuadrupletConfig, build="reid.losses.quadruplet:Quadruplet", sees="pairs"
        ),
        "n-pair": ObjectiveExtension(config=NPairConfig, build="reid.losses.n_pair:NPair", sees="pairs"),
        "proxy-nca": ObjectiveExtension(
            config=ProxyNcaConfig, build="reid.losses.proxy_nca:ProxyNca", sees="vectors"
        ),
        "proxy-anchor": ObjectiveExtension(
            config=ProxyAnchorConfig, build="reid.losses.proxy_anchor:ProxyAnchor", sees="vectors"
        ),
        "center": ObjectiveExtension(config=CenterConfig, build="reid.losses.center:Center", sees="vectors"),
        "softmax": ObjectiveExtension(
            config=SoftmaxConfig, build="reid.losses.softmax:Softmax", sees="classifier"
        ),
        "arcface": ObjectiveExtension(
            config=AngularConfig, build="reid.losses.arcface:ArcFace", sees="classifier"
        ),
        "cosface": ObjectiveExtension(
            config=AngularConfig, build="reid.losses.cosface:CosFace", sees="classifier"
        ),
        DISTILLATION: ObjectiveExtension(
            config=DistillationConfig, build="reid.losses.distillation:Distillation", sees="teachers"
        ),
    },
)
WITH_MEMORY = tuple(name for name, row in OBJECTIVES.built_in.items() if row.memory)


class LossConfig(Section):
    """Objective that is minimised, or a weighted sum of several."""

    objectives: dict[Annotated[str, ListedNames(OBJECTIVES)], NotNegative] = Field(
        {"triplet": 1.0, "softmax": 1.0},
        description="weight by objective, 0: not used; distillation needs --teacher; other packages can add some, "
        "see docs/extend.md",
    )
    options: OptionsByName = Field(
        {}, description="settings of objectives that other packages add, by objective: {mine: {margin: 0.2}}"
    )
    memory: Annotated[int, Field(ge=0)] = Field(
        0,
        description="vectors of earlier batches that pairs are compared with as well (cross-batch memory, Wang et "
        "al. 2020); 0: none",
    )
    memory_from_step: Annotated[int, Field(ge=0)] = Field(
        1000, description="batches before that memory is used: vectors drift too fast at first"
    )
    triplet: TripletConfig = TripletConfig()
    contrastive: ContrastiveConfig = ContrastiveConfig()
    quadruplet: QuadrupletConfig = QuadrupletConfig()
    n_pair: NPairConfig = NPairConfig()
    multi_similarity: MultiSimilarityConfig = MultiSimilarityConfig()
    circle: CircleConfig = CircleConfig()
    proxy_nca: ProxyNcaConfig = ProxyNcaConfig()
    proxy_anchor: ProxyAnchorConfig = ProxyAnchorConfig()
    center: CenterConfig = CenterConfig()
    softmax: SoftmaxConfig = SoftmaxConfig()
    arcface: AngularConfig = AngularConfig()
    cosface: AngularConfig = AngularConfig()
    distillation: DistillationConfig = DistillationConfig()

    @field_validator("objectives")
    @classmethod
    def _known(cls, weights: dict[str, float]) -> dict[str, float]:
        for name in weights:
            if name not in OBJECTIVES.names():
                raise ValueError(f"{name!r} is no objective; choose from {', '.join(OBJECTIVES.names())}")
            OBJECTIVES.check(name)
        used = {name: weight for name, weight in weights.items() if weight > 0}
        if not used:
            raise ValueError("must hold an objective with a weight above 0, such as {triplet: 1}")
        if set(used) == {"center"}:
            raise ValueError("center alone lets all vectors fall together; add softmax, as in its paper")
        return weights

    @field_validator("options")
    @classmethod
    def _options_of_objectives(
        cls, options: dict[str, dict[str, Any]], info: ValidationInfo
    ) -> dict[str, dict[str, Any]]:
        weights = info.data.get("objectives")
        added = None if weights is None else [name for name in weights if name not in OBJECTIVES.built_in]
        return checked_by_name(OBJECTIVES, added, options)

    def settings_of(self, name: str) -> Any:
        """The settings of an objective: its section here, or its options where another package adds it."""
        if name in OBJECTIVES.built_in:
            return getattr(self, name.replace("-", "_"))
        return OBJECTIVES.settings(name, self.options[name])

    def pairs(self) -> list[str]:
        """The objectives in use that compare images with images, in the order of the table."""
        used = {name for name, weight in self.objectives.items() if weight > 0}
        ordered = [*(name for name in OBJECTIVES if name in used), *sorted(used - set(OBJECTIVES))]
        return [name for name in ordered if OBJECTIVES[name].sees == "pairs"]

    @model_validator(mode="after")
    def _memory_is_used(self) -> Self:
        alone = [name for name in self.pairs() if not OBJECTIVES[name].memory]
        if self.memory and alone:
            raise ValueError(
                f"memory ({self.memory}) does not go with {alone[0]}, which compares within a batch; set it to 0"
            )
        if self.memory and not self.pairs():
            raise ValueError(
                f"memory ({self.memory}) needs an objective that uses it: {', '.join(WITH_MEMORY)}; set it to 0"
            )
        return self
