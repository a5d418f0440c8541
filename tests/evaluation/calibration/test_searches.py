"""Images against sightings, compared with loops."""

import numpy as np

from reid.evaluation.calibration.counts import EDGES
from reid.evaluation.calibration.evidence import EVERY, searches
from reid.evaluation.calibration.labelled import DISTRACTOR, centre_of, sightings
from reid.evaluation.calibration.searches import search_pairs
from reid.linking.calibration_file import MeasuredPairs
from tests.evaluation.calibration.worlds import crops


def test_rates_are_those_of_loops_over_all_pairs() -> None:
    sets = [crops(0, 9, 0.6, extra=5), crops(1, 6, 1.0, name="other", cameras=2)]
    centre = centre_of(sets)
    found = search_pairs(sets, centre, 4)
    shares = []
    totals = []
    for one in sets:
        seen = sightings(one, centre, 4)
        genuine, impostor = [], []
        for vector, person, camera in zip(one.vectors, one.persons, one.cameras, strict=True):
            for mean, other, place in zip(seen.vectors, seen.persons, seen.cameras, strict=True):
                if person == DISTRACTOR:
                    continue
                distance = 1 - float(vector @ mean)
                if person != other:
                    impostor.append(distance)
                elif camera != place:
                    genuine.append(distance)
        shares.append(
            [
                [float(np.mean(np.array(kind) <= edge)) for edge in (0.2, 0.5, 1.0)]
                for kind in (genuine, impostor)
            ]
        )
        totals.append((len(genuine), len(impostor)))
    at = [int(np.argmin(np.abs(EDGES - edge))) for edge in (0.2, 0.5, 1.0)]
    lowest, highest = np.min(shares, axis=0)[0], np.max(shares, axis=0)[1]
    np.testing.assert_allclose(found.genuine_rate[at], lowest, atol=2e-3)
    np.testing.assert_allclose(found.impostor_rate[at], highest, atol=2e-3)
    assert found.genuine_pairs == sum(genuine for genuine, _ in totals)
    assert found.impostor_pairs == max(impostor for _, impostor in totals)


def test_a_calibration_file_keeps_what_a_search_needs() -> None:
    given = crops(0, 6, 0.6)
    found = search_pairs([given], centre_of([given]), 6)
    read = MeasuredPairs.model_validate(searches(found))
    assert read.impostor_pairs == found.impostor_pairs
    assert read.curves is not None
    np.testing.assert_allclose(read.curves.genuine_rate, found.genuine_rate[::EVERY], rtol=1e-3)
    assert read.curves.impostor_rate[-1] == read.curves.genuine_rate[-1] == 1
