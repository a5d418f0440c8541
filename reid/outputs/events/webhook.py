"""Events posted to an address, one request each."""

import logging
import re
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reid.errors import InputError
from reid.events import Event
from reid.outputs.events.encode import as_json
from reid.outputs.events.receiver import DeliveryFailed
from reid.printable import printable
from reid.secret import masked, was_masked

if TYPE_CHECKING:
    import httpx

OUR_OWN = {"authorization", "content-type", "content-length", "host", "idempotency-key"}
RETRIED = {408, 425, 429}  # of the answers that blame the request: these say "not now"
MOST_READ = 64 * 1024  # bytes of an answer's body, which is not looked at
REST_S = 1.0  # for that body, once the answer has begun


class Webhook:
    """Posts events as JSON; any 2xx answer confirms.

    The header Idempotency-Key is the event's id: a receiver that took an event whose confirmation was lost knows it
    when it comes again.

    Args:
        url: http:// or https://, without credentials.
        headers: sent along with every event.
        token: sent as `Authorization: Bearer`, and shown nowhere.
        timeout_s: from looking up the name to the end of the answer's headers, however these come.

    Raises:
        InputError: an address or a header that cannot be sent.
    """

    def __init__(
        self, url: str, *, headers: Mapping[str, str], timeout_s: float, token: str | None = None
    ) -> None:
        self._url, self._place = url, checked(url)
        self._timeout_s = timeout_s
        self._headers = {**_checked_headers(headers), **_authorization(token)}
        self._client = _client(url, self._headers, timeout_s)

    def start(self) -> None:
        """Nothing to do: each event opens a connection where there is none."""

    def deliver(self, event: Event) -> None:
        """Post an event; DeliveryFailed unless the answer is 2xx and begins within `timeout_s`.

        The exchange has a thread of its own, because time-outs of sockets are for single reads: a server that sends
        a byte a second, or one `100 Continue` after the other, exceeds none, and looking up a name has none at all.
        """
        head: Future[httpx.Response] = Future()
        over = threading.Event()
        work = partial(self._exchange, self._client, event, head, over)
        threading.Thread(target=work, name="webhook", daemon=True).start()
        try:
            answer = head.result(self._timeout_s)
        except FutureTimeout:
            self._hang_up()
            raise self._too_late() from None
        if not over.wait(REST_S):
            self._hang_up()
        _judge(answer, self._place)

    def _exchange(
        self, client: "httpx.Client", event: Event, head: "Future[httpx.Response]", over: threading.Event
    ) -> None:
        """Post an event, tell what came of it, and read the rest of the answer."""
        import httpx

        headers = {"Content-Type": "application/json", "Idempotency-Key": event.event_id}
        error: BaseException | None = None
        try:
            with client.stream("POST", self._url, content=as_json(event), headers=headers) as answer:
                head.set_result(answer)
                _read(answer)
        except httpx.TimeoutException:
            error = self._too_late()
        except httpx.ConnectError as refused:
            error = DeliveryFailed(f"{self._place}: {refused}")
        except httpx.RequestError as lost:  # its words may quote what was sent
            error = DeliveryFailed(f"{self._place}: the connection was lost ({type(lost).__name__})")
        except Exception as surprise:
            error = surprise
        if error is not None and not head.done():  # else the answer is known, and its rest tells nothing
            head.set_exception(error)
        over.set()

    def _hang_up(self) -> None:
        """Give up the connection, at which the thread that reads from it fails; the next event has another."""
        self._client.close()
        self._client = _client(self._url, self._headers, self._timeout_s)

    def _too_late(self) -> DeliveryFailed:
        return DeliveryFailed(f"{self._place}: no answer within {self._timeout_s:g} s")

    def withdraw(self, event: Event) -> None:
        """An event that was posted is beyond recall, and one that was not is gone."""

    def close(self, timeout_s: float) -> None:
        """Hang up."""
        self._client.close()


def checked(url: str) -> str:
    """The server's part of an address: the rest of a webhook's is often a secret, and is never shown.

    Raises:
        InputError: it is no address, or it has credentials in it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"webhook.url: not an address ({error}); write https://host/path") from None
    if parts.scheme not in ("http", "https") or not host or re.search(r"\s", url):
        begin = masked(url)[:40]
        raise InputError(f"webhook.url: {begin!r} is no http:// or https:// address; write https://host/path")
    if "@" in parts.netloc:
        raise InputError(
            f"webhook.url: everybody who may read the config could read the password for {host}; leave it out, put "
            "a token into an environment variable, and name that in webhook.token_variable"
        )
    if was_masked(url):
        raise InputError(
            "webhook.url: *** stands where a part was hidden when it was printed; write that part again"
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")


def _client(url: str, headers: Mapping[str, str], timeout_s: float) -> "httpx.Client":
    import httpx

    try:
        httpx.URL(url).host  # noqa: B018 (which is parsed only when it is asked for)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise InputError(f"webhook.url: not an address ({error}); write https://host/path") from None
    # It logs every request with the whole address, and that may be a secret.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return httpx.Client(headers=headers, timeout=timeout_s, follow_redirects=False)


def _checked_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in headers.items():
        if name.lower() in OUR_OWN:
            raise InputError(
                f"webhook.headers: {name} is set by the program; a secret goes into the environment variable that "
                "webhook.token_variable names"
            )
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or not re.fullmatch(r"[ -~]*", value):
            raise InputError(
                f"webhook.headers: '{name}' cannot be sent; a name has letters, digits and '-', a value ASCII letters"
            )
    return headers


def _authorization(token: str | None) -> Mapping[str, str]:
    if token is None:
        return {}
    if not re.fullmatch(r"[!-~]+", token):
        raise InputError(
            "webhook.token_variable: the environment variable holds what no token has: blanks, line ends, letters "
            "beyond ASCII, or nothing"
        )
    return {"Authorization": f"Bearer {token}"}


def _read(answer: "httpx.Response") -> None:
    """To the end, if it is not far: then the connection serves the next event too."""
    size = 0
    for part in answer.iter_raw():
        size += len(part)
        if size > MOST_READ:
            return


def _judge(answer: "httpx.Response", place: str) -> None:
    if answer.is_success:
        return
    said = printable(f"{place}: answered {answer.status_code} {answer.reason_phrase}".rstrip())
    if answer.is_redirect:
        raise DeliveryFailed(f"{said}; webhook.url has to be where it leads to", retry=False)
    blamed = answer.is_client_error and answer.status_code not in RETRIED
    asked = answer.headers.get("Retry-After", "")
    # It may be a date as well; then our own waits have to do.
    after_s = float(asked) if re.fullmatch(r"\d{1,9}", asked) else None
    raise DeliveryFailed(said, retry=not blamed, after_s=after_s)
