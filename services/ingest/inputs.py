"""What clients and files hand in: one text or one meeting, and how it is refused."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from shared.events import Moment

M = TypeVar("M", bound=BaseModel)


def parse_moment(value: object) -> datetime:
    """A time as news writes it: ISO 8601, or the form of e-mail and RSS (RFC 5322).

    A date alone is midnight; what has no zone is UTC.

    Raises:
        ValueError: says what was expected.

    """
    moment = value
    if isinstance(value, str):
        for reader in (datetime.fromisoformat, parsedate_to_datetime):
            try:
                moment = reader(value.strip())
                break
            except (ValueError, TypeError, IndexError, OverflowError):  # the second raises all four on odd texts
                continue
    if not isinstance(moment, datetime):
        raise ValueError("expected a time such as 2026-03-02T09:30:00Z, or a date")  # noqa: TRY004 - pydantic's protocol
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


When = Annotated[Moment, BeforeValidator(parse_moment)]
Url = Annotated[str, Field(max_length=4096)]
ShortText = Annotated[str, Field(max_length=200)]
OwnId = Annotated[str, Field(max_length=500, coerce_numbers_to_str=True)]


class NewsIn(BaseModel):
    """One news text. Its identity is its URL; without one its own id, else its words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Url | None = Field(default=None, description="Where the text can be read: http or https.")
    id: OwnId | None = Field(default=None, description="Your own id of a text that has no URL.")
    published_at: When = Field(description="ISO 8601; without a zone it is UTC, a date alone is midnight UTC.")
    publisher: ShortText | None = Field(
        default=None, description="Domain or name; used where there is no URL, whose domain says it better."
    )
    title: str = Field(description="Plain text or with HTML left-overs; empty only where there is a text.")
    text: str = Field(description="The body, like the title. Title and text have at most 256 KiB together.")
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2}([-_][A-Za-z0-9_-]{1,20})?$")] | None = Field(
        default=None, description="ISO 639-1, if you know it; found by itself otherwise."
    )


class MeetingIn(BaseModel):
    """One meeting of a calendar. Its identity is its uid, within its publisher."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    uid: Annotated[OwnId, Field(min_length=1, description="The calendar's id of the meeting, the same when it moves.")]
    change: Literal["scheduled", "rescheduled", "cancelled"] = "scheduled"
    url: Url | None = None
    publisher: ShortText | None = Field(default=None, description="Domain or name; a URL's domain goes before it.")
    published_at: When | None = Field(default=None, description="When it was announced; else the time of receipt.")
    title: str
    description: str = ""
    participants: Annotated[tuple[ShortText, ...], Field(max_length=100)] = ()
    location: ShortText | None = None
    starts_at: When
    ends_at: When | None = None
    previously_at: When | None = Field(default=None, description="Where it was rescheduled: the time before.")


@dataclass
class Rejected(Exception):  # noqa: N818 - it is also the result for one item of many, which is no error of the call
    """Why one item was not taken.

    Attributes:
        reason: a sentence for whoever sent it.
        pointer: the field, as a JSON pointer (RFC 6901) into the item; empty where it is the whole item.
        status: what HTTP says for it: 422, or 413 for a text that is too long.

    """

    reason: str
    pointer: str = ""
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY


def read(model: type[M], raw: Any) -> M | Rejected:  # noqa: ANN401 - whatever the JSON held
    """Check one decoded item; what is wrong with it is said in one sentence."""
    if not isinstance(raw, dict):
        return Rejected("expected an object with at least " + ", ".join(_required(model)))
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        wrong = []
        for item in error.errors(include_url=False):
            field = ".".join(map(str, item["loc"])) or "item"
            message = item["msg"].removeprefix("Value error, ")
            if item["type"] == "extra_forbidden":
                message = "unknown field, known are " + ", ".join(model.model_fields)
            wrong.append(f"{field}: {message}")
        location = error.errors(include_url=False)[0]["loc"]
        return Rejected("; ".join(wrong), "".join(f"/{_escaped(part)}" for part in location))


def _required(model: type[BaseModel]) -> list[str]:
    return [name for name, field in model.model_fields.items() if field.is_required()]


def _escaped(part: int | str) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
