"""Live calculations over the API: asked for, read and cancelled, by the client that the site's cookie names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from flask import request
from pydantic import Field, StringConstraints, ValidationError

from compute.jobs import service
from compute.jobs.service import Job, JobRequest
from compute.tables import TableError
from dashboard.api.answers import ROWS, Answer
from dashboard.api.openapi import LiveEndpoint, Reply
from dashboard.api.problems import ApiError, BadParameters
from dashboard.dataset import Dataset
from dashboard.server.visitor import client_id, known_client

JobId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
if TYPE_CHECKING:
    ResultRow: TypeAlias = Answer
else:  # in the document it is one of these
    ResultRow = ROWS["harmonic"] | ROWS["anharmonic"] | ROWS["attribution"]
State = Literal["queued", "running", "done", "failed", "cancelled"]


class ProgressAnswer(Answer):
    """How far a running job is."""

    stage: str = Field(description="what is being done")
    done: int = Field(description="force calls or frames")
    total: int | None = Field(description="of how many; null: not known")
    sigma: float | None = Field(description="σ so far")
    sigma_se: float | None = Field(description="its standard error")
    seconds_left: float | None = Field(description="at the pace so far")
    trace: list[tuple[int, float]] = Field(description="pairs of frames and σ so far")


class JobAnswer(Answer):
    """A job as it stands."""

    id: JobId = Field(description="digest of the task: equal requests are one job")
    state: State
    stage: Literal["harmonic", "sigma", "attribution"]
    request: JobRequest
    suite: str = Field(description="“upload” for an uploaded structure, until its result says what it is")
    compound: str
    progress: ProgressAnswer | None
    result: ResultRow | None = Field(
        description="a row as in the table of the stage, live and not published; null until it ends, and in lists"
    )
    error: str | None = Field(description="why it failed, in a sentence")
    ahead: int | None = Field(description="jobs before it on the queue")
    attempt: int = Field(description="how often it was started, after it had failed or been cancelled")
    submitted: datetime
    started: datetime | None
    finished: datetime | None


class JobsAnswer(Answer):
    """The jobs of a client."""

    live: bool = Field(description="whether this site computes on demand")
    worker: bool = Field(description="whether a worker runs; without one a job waits")
    jobs: list[JobAnswer] = Field(description="the last 50 that this client asked for, newest first, without results")


def _create(dataset: Dataset) -> Reply:
    if not request.is_json:
        raise ApiError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the request as application/json.")
    try:
        asked = JobRequest.model_validate_json(request.get_data())
    except ValidationError as error:
        # A value that is refused may be a whole file: it is not repeated.
        found = error.errors(include_url=False, include_input=False, include_context=False)
        raise BadParameters([(".".join(map(str, e["loc"])) or "body", _sentence(e["msg"])) for e in found]) from None
    try:
        job = _asked(lambda: service.submit(asked, client_id(), dataset))
    except TableError:
        raise
    except ValueError as error:
        raise BadParameters([("body", str(error))]) from None
    status = HTTPStatus.OK if job.joined else HTTPStatus.ACCEPTED
    return Reply(_answer(job), status, {"Location": f"{request.root_path}{request.path}/{job.id}"})


def _list(dataset: Dataset) -> Reply:
    client = known_client()
    return Reply(
        _asked(
            lambda: {
                "live": service.JobSettings().live,
                "worker": service.worker_alive(),
                "jobs": [_answer(job) for job in (service.listed(client) if client else [])],
            }
        )
    )


def _read(dataset: Dataset, job: str) -> Reply:
    return Reply(_answer(_found(_asked(lambda: service.read(job)))))


def _cancel(dataset: Dataset, job: str) -> Reply:
    return Reply(_answer(_found(_asked(lambda: service.cancel(job, known_client() or "")))))


def _found(job: Job | None) -> Job:
    if job is None:
        raise ApiError(HTTPStatus.NOT_FOUND, "There is no such job; it may have been forgotten after some weeks.")
    return job


def _asked(act: Callable[[], Any]) -> Any:
    """What `act` gives, or the problem that its refusal is."""
    try:
        return act()
    except (service.LiveOff, service.NotYours) as error:
        raise ApiError(HTTPStatus.FORBIDDEN, str(error)) from None
    except service.TooManyJobs as error:
        raise ApiError(HTTPStatus.TOO_MANY_REQUESTS, str(error)) from None
    except service.JobsUnavailable as error:
        raise ApiError(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error


def _answer(job: Job) -> dict[str, Any]:
    return {"stage": job.stage, **job.model_dump(mode="json", exclude={"joined"})}


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")


_IN_PATH = (("job", JobId, "id of a job"),)
_LIMITS = (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
_ABOUT = (
    "A cookie, set by the first request, says which jobs are yours. Equal requests are one job, and its id is the same "
    "on every site: a job that is done answers at once."
)
JOB_ENDPOINTS: tuple[LiveEndpoint, ...] = (
    LiveEndpoint(
        method="post",
        path="/jobs",
        name="create_job",
        summary="Compute one compound now",
        description=f"{_ABOUT} Location is the job's address: read it until its state is done, failed or cancelled.",
        answer=JobAnswer,
        handle=_create,
        body=JobRequest,
        statuses=((HTTPStatus.ACCEPTED, "a new job"), (HTTPStatus.OK, "the job was there already")),
        errors=(*_LIMITS, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
        body_example={"stage": "harmonic", "compound": "CsPbBr3", "potential": "chgnet-0.3.0"},
    ),
    LiveEndpoint(
        method="get",
        path="/jobs",
        name="jobs",
        summary="Your jobs",
        description="Those that the client with this cookie asked for, and whether this site computes at all.",
        answer=JobsAnswer,
        handle=_list,
        examples=("/jobs",),
    ),
    LiveEndpoint(
        method="get",
        path="/jobs/{job}",
        name="job",
        summary="A job as it stands",
        description="Anybody who has its id may read it, an uploaded structure included.",
        answer=JobAnswer,
        handle=_read,
        path_types=_IN_PATH,
        errors=(HTTPStatus.NOT_FOUND,),
    ),
    LiveEndpoint(
        method="delete",
        path="/jobs/{job}",
        name="cancel_job",
        summary="Cancel a job",
        description="It goes on while others have asked for it too; one that has ended stays as it is.",
        answer=JobAnswer,
        handle=_cancel,
        path_types=_IN_PATH,
        errors=(HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND),
    ),
)
