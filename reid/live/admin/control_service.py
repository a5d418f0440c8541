"""Corrections of a site that runs: the gallery, what is known of those in view, and what is shown change together."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reid.errors import InputError
from reid.live.admin.allowed import check_allowed
from reid.live.admin.erasure import Erasure
from reid.live.admin.retention import Retention
from reid.live.admin.site_decisions import SiteDecisions
from reid.live.capture.address import parse_cameras, read_secrets, with_aspects, with_credentials
from reid.live.identity.decisions import Place
from reid.live.loop import Engine
from reid.types import Array, Tracklet
from reid.zone_config import ZoneConfig


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ControlService:
    """See `Control`. Everything is done by the engine's thread, between two rounds.

    Args:
        secrets: the file of credentials, which may name cameras that come later.
        offset_s: added to the clocks of cameras, by name.
        pixel_aspect: widths of pixels by their heights, by camera name.
        retention: where something is erased by itself.
        folders: whose files may be added as cameras.
    """

    engine: Engine
    erasure: Erasure
    secrets: Path | None = None
    offset_s: Mapping[str, float] = field(default_factory=dict)
    pixel_aspect: Mapping[str, float] = field(default_factory=dict)
    retention: Retention | None = None
    folders: Sequence[Path] = ()

    def forget(self, person_id: int) -> None:
        self.engine.commands.give(lambda: self.erasure.erase(person_id))

    @property
    def decisions(self) -> SiteDecisions:
        return SiteDecisions(engine=self.engine)

    def at_hand(self) -> tuple[Mapping[Place, Tracklet], Mapping[Place, Array]]:
        found: list[tuple[Mapping[Place, Tracklet], Mapping[Place, Array]]] = []
        decisions = self.engine.site.registry.decisions
        self.engine.commands.give(lambda: found.append((decisions.at_hand(), decisions.means())))
        return found[0]

    def add_camera(self, argument: str) -> None:
        check_allowed(argument, self.folders)
        (address,) = with_aspects(parse_cameras([argument]), self.pixel_aspect)
        (address,) = with_credentials([address], read_secrets(self.secrets, [address.camera_id]))

        def add() -> None:
            if address.camera_id in self.engine.cameras.names:
                raise InputError(f"there is a camera called '{address.camera_id}' already; use another name")
            offset_s = self.offset_s.get(address.camera_id, 0.0)
            self.engine.cameras.add(address, offset_s=offset_s)

        self.engine.commands.give(add)

    def remove_camera(self, camera_id: str) -> None:
        self.engine.commands.give(lambda: self.engine.cameras.remove(self._camera(camera_id)))

    def pause_camera(self, camera_id: str, paused: bool) -> None:
        self.engine.commands.give(lambda: self.engine.cameras.pause(self._camera(camera_id), paused))

    def add_zone(self, camera_id: str, zone: ZoneConfig) -> None:
        site = self.engine.site

        def add() -> None:
            site.registry.zones.add(self._camera(camera_id), zone)
            site.state.set_zones(site.registry.zones.now())  # at once, so that the page that asked sees it

        self.engine.commands.give(add)

    def remove_zone(self, camera_id: str, name: str) -> None:
        site = self.engine.site

        def remove() -> None:
            site.registry.zones.remove(camera_id, name)  # also of a camera that is not there any more
            site.state.set_zones(site.registry.zones.now())

        self.engine.commands.give(remove)

    def confirm_clock(self) -> None:
        retention = self.retention
        if retention is None:
            raise InputError("nothing is erased by itself here")
        self.engine.commands.give(lambda: retention.confirm(time.time(), time.monotonic()))

    def _camera(self, camera_id: str) -> str:
        names = self.engine.cameras.names
        if camera_id not in names:
            raise InputError(f"no camera is called '{camera_id}'; there are {', '.join(names) or 'none'}")
        return camera_id
