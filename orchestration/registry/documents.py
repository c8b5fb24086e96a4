"""Registry files: one YAML document each, checked against a model; every fault has a file, a line and a remedy.

Knows nothing of what is registered; the models are in calendars, objectives and sla.
"""

import difflib
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestration.landing.profile_faults import Fault, Misfit, MisfitsError, YamlPlaces, read_yaml

API_VERSION = "alignement/v1"
# A DNS label, so that a name may stand in an address, a file name and a key.
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
_MAX_BYTES = 262_144  # a registry file is written by hand; more is something else, or an attack

Spec = TypeVar("Spec", bound=BaseModel)


class Strict(BaseModel):
    """What may stand in a registry file and nothing else; texts are texts and numbers finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_max_length=2_000, strict=True)


def each_once(values: list) -> list:
    """A list's values, none of which may stand there twice: it would be counted twice."""
    for number, value in enumerate(values):
        if value in values[:number]:
            raise MisfitsError([Misfit((number,), f"'{value}' stands twice", "keep one of the two")])
    return values


class Metadata(Strict):
    """How a document is called."""

    name: Slug
    label_en: str = ""
    label_fr: str = ""
    version: Annotated[int, Field(ge=1, strict=True)] = 1


class Document(Strict, Generic[Spec]):
    """The outer form of every registry file."""

    api_version: Literal["alignement/v1"] = Field(alias="apiVersion")
    kind: str
    metadata: Metadata
    spec: Spec


@dataclass(frozen=True)
class Registered(Generic[Spec]):
    """One document that could be read, and where its parts stand."""

    path: Path
    places: YamlPlaces
    document: Document[Spec]

    @property
    def name(self) -> str:
        """The document's name."""
        return self.document.metadata.name

    @property
    def spec(self) -> Spec:
        """What it says."""
        return self.document.spec

    def fault(self, place: Sequence[str | int], problem: str, remedy: str) -> Fault:
        """A fault at a place of the document."""
        return Fault(self.path, self.places.line(tuple(place)), ".".join(map(str, place)), problem, remedy)


@dataclass
class Reading(Generic[Spec]):
    """A folder's documents and everything that is wrong with them."""

    documents: list[Registered[Spec]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_folder(folder: Path, model: type[Document[Spec]], remedies: Mapping[str, str]) -> Reading[Spec]:
    """Read every *.yml of a folder in the order of their names; a folder that is not there holds none."""
    reading: Reading[Spec] = Reading()
    for path in sorted(path for path in folder.glob("*") if path.suffix.lower() in (".yml", ".yaml")):
        try:
            facts = path.stat()
            # A pipe would never end, and neither would a device; both say that they hold nothing.
            if not stat.S_ISREG(facts.st_mode):
                remedy = "put a readable registry file there, or delete it"
                reading.faults.append(Fault(path, 1, "", "no regular file", remedy))
                continue
            if facts.st_size > _MAX_BYTES:
                reading.faults.append(Fault(path, 1, "", f"larger than {_MAX_BYTES} bytes", "one short document a file"))
                continue
            found = _read_document(path, model, remedies)
        except (OSError, RecursionError) as error:
            problem = "nested too deeply" if isinstance(error, RecursionError) else (error.strerror or "not readable")
            reading.faults.append(Fault(path, 1, "", problem, "put a readable registry file there, or delete it"))
            continue
        if isinstance(found, list):
            reading.faults += found
        else:
            reading.documents.append(found)
    reading.faults += _doubled_names(reading.documents)
    return reading


def _read_document(path: Path, model: type[Document[Spec]], remedies: Mapping[str, str]) -> Registered[Spec] | list[Fault]:
    content, places, faults = read_yaml(path)
    if places is None or faults:
        return [_own_words(fault) for fault in faults]
    try:
        document = model.model_validate(content)
    except ValidationError as error:
        return _explain(error, path, places, model, remedies)
    found = Registered(path, places, document)
    if path.stem != found.name:
        return [found.fault(("metadata", "name"), f"the file is called '{path.stem}'", f"call the file {found.name}.yml")]
    return found


def _own_words(fault: Fault) -> Fault:
    remedy = fault.remedy
    if "vendor" in remedy:
        remedy = f"begin with `apiVersion: {API_VERSION}`, or delete the file"
    return Fault(fault.path, fault.line, fault.place, fault.problem, remedy)


def _doubled_names(documents: Sequence[Registered]) -> list[Fault]:
    first: dict[str, Registered] = {}
    faults = []
    for document in documents:
        other = first.setdefault(document.name, document)
        if other is not document:
            problem = f"'{document.name}' is already the name in {other.path.name}"
            faults.append(document.fault(("metadata", "name"), problem, "give each document a name of its own"))
    return faults


def _explain(
    error: ValidationError, path: Path, places: YamlPlaces, model: type[BaseModel], remedies: Mapping[str, str]
) -> list[Fault]:
    keys = sorted(_keys(model.model_json_schema()))
    faults = []
    for item in error.errors(include_input=False, include_url=False):
        place = tuple(part for part in item["loc"] if part != "[key]")
        raised = item.get("ctx", {}).get("error")
        if isinstance(raised, MisfitsError):
            misfits = [Misfit((*place, *misfit.place), misfit.problem, misfit.remedy) for misfit in raised.misfits]
        else:
            misfits = [Misfit(place, _problem(item), _remedy(item, place, keys, remedies))]
        for misfit in misfits:
            where = ".".join(str(part) for part in misfit.place)
            faults.append(Fault(path, places.line(misfit.place), where, misfit.problem, misfit.remedy))
    return sorted(set(faults), key=lambda fault: (fault.line, fault.place))


def _keys(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(_keys, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    own = set(schema.get("properties", {})) if isinstance(schema.get("properties"), dict) else set()
    return own.union(*(_keys(value) for value in schema.values()))


def _problem(item: dict[str, Any]) -> str:
    if item["type"] == "extra_forbidden":
        return "unknown key"
    if item["type"] == "missing":
        return "the key is missing"
    return re.sub(r"^Value error, ", "", item["msg"])


def _remedy(item: dict[str, Any], place: tuple, keys: Sequence[str], remedies: Mapping[str, str]) -> str:
    names = [part for part in place if isinstance(part, str)]
    if item["type"] == "extra_forbidden":
        nearest = difflib.get_close_matches(names[-1], keys, n=1, cutoff=0.6) if names else []
        return f"write `{nearest[0]}`, or take it out" if nearest else "take it out"
    if item["type"] == "missing":
        return f"add `{names[-1]}`" if names else "add it"
    if item["type"] == "literal_error":
        return f"write {item['ctx']['expected']}"
    for name in reversed(names):
        if name in remedies:
            return remedies[name]
    return "write what the schema beside the registry's models allows there"
