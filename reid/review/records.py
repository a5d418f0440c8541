"""What review shows and asks: tracklets, people, questions, progress; and the results folders that it reads."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from reid.errors import InputError
from reid.outputs.artefact import ArtefactError, load_tracklets
from reid.outputs.folder import ResultsFolder
from reid.store.rules import LONGEST_S
from reid.types import Array, Tracklet, TrackletKey
from reid.wall_clock import WallClock
from reid.wording import counted

QuestionKind = Literal[
    "same_person", "belongs"
]  # two people may be one; one tracklet may not be of its person
Reply = Literal["yes", "no", "unsure", "skip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsAtHand:
    """A results folder of `reid video` whose run a gallery holds: where it is, and what is read of it.

    Args:
        root: the folder.
        run_id: of its run in the gallery, as `Store.runs` lists it.
        cameras: names of its cameras, whose artefacts (`cameras/*.npz`) hold vectors, boxes and crops.
    """

    root: Path
    run_id: str
    cameras: tuple[str, ...]

    def tracklets(self) -> list[Tracklet]:
        """The tracklets of all cameras as they were embedded; crops are read when they are accessed.

        Raises:
            InputError: an artefact is missing, damaged or of another program.
        """
        found: list[Tracklet] = []
        for camera in self.cameras:
            try:
                found += load_tracklets(ResultsFolder(self.root).camera(camera))[0]
            except ArtefactError as error:
                raise InputError(
                    f"{error}; repeat the reid video command that wrote {self.root}, or review its gallery alone"
                ) from error
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReviewTracklet:
    """A sighting of the gallery, with what a results folder adds."""

    run_id: str
    key: TrackletKey
    person_id: int
    start_s: float  # on the run's clock
    end_s: float
    vector: Array  # (D,) unit mean, from the centre and normalised by camera as in linking; zeros: nothing is known
    crops: int = 0  # how many can be shown; 0 where no results folder is at hand
    measured: bool = True  # False: the gallery keeps no vector of it, and `vector` is its person's
    clock: WallClock | None = None  # when second 0 of the run was; None: not known

    @property
    def id(self) -> str:
        """Its name among all of the site, safe in an address once it is quoted."""
        # runs of recordings are called by digests; those of live sites begin alike, and their tracks count from 1
        run = self.run_id if self.start_s > LONGEST_S else self.run_id[:12]
        return f"{run}/{self.key.camera_id}/{self.key.track_id}"

    @property
    def place(self) -> tuple[str, TrackletKey]:
        """Run and key, as the gallery's decisions take it."""
        return self.run_id, self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPerson:
    """One person under review, by id or label."""

    person_id: int
    label: str | None
    tracklets: tuple[ReviewTracklet, ...]  # by run and time
    reviewed: int  # of these, as in `ReviewProgress`
    sure: bool  # no question is about them, not even one that was put off, and something of them is not reviewed

    @property
    def cameras(self) -> tuple[str, ...]:
        return tuple(sorted({one.key.camera_id for one in self.tracklets}))

    @property
    def digest(self) -> str:
        """Digest of the ids of the tracklets: another one where the person gained or lost some."""
        return sha256("\n".join(sorted(one.id for one in self.tracklets)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person is asked: whether two sides show one person."""

    id: str  # the same while its two sides are the same tracklets
    kind: QuestionKind
    one: tuple[str, ...]  # ids of tracklets; belongs: those that may not be of the person
    other: tuple[str, ...]  # belongs: those of the person that are hardly in doubt
    person_id: int
    other_id: int | None  # of `other`'s person; belongs: None
    distance: float  # mean between the two sides, as linking measures it
    probability: float | None  # that both show one person, at that distance; None: the encoder has no map
    worth: float  # uncertainty, 0 to 1, by the number of tracklets that an answer decides
    at_once: bool  # both are seen at once in one camera: cannot be one person, unless the camera doubles them
    belief: float  # probability with all that is known: of rivals, of who is seen at once; 0 to 1
    settled: tuple[
        str, ...
    ] = ()  # belongs: those of `other` that yes confirms too, as none has a question of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewProgress:
    """How much is reviewed, and how much may be wrong still."""

    tracklets: int
    reviewed: int  # whose person a decision that holds tells
    in_question: int  # tracklets of open questions
    questions: int  # that are open
    expected_wrong_links: float  # of the open questions: people to be joined, tracklets to be taken out

    @property
    def unasked(self) -> int:
        """Tracklets that nothing puts in doubt and no decision binds."""
        return self.tracklets - self.reviewed - self.in_question

    @property
    def sentence(self) -> str:
        """The numbers in words."""
        return (
            f"{counted(self.reviewed, 'tracklet')} of {self.tracklets} reviewed, {self.in_question} in "
            f"{counted(self.questions, 'open question')}, {self.unasked} not in doubt; about "
            f"{self.expected_wrong_links:.1f} wrong links are still expected"
        )
