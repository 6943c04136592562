"""The published tables described for catalogues and loaders of data sets, as MLCommons Croissant 1.0 (JSON-LD).

Croissant, for it describes Parquet files, their columns and hashes, and data-set searches and loaders read it.
Format: https://docs.mlcommons.org/croissant/docs/croissant-spec.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from compute.tables.schemas import KEYS, SCHEMAS

FILE = "croissant.json"

_DESCRIPTION = (
    "Soft phonons and vibrational anharmonicity of halide perovskites and other compounds: published DFT beside "
    "foundation potentials, per compound, with failed calculations as rows. A missing value is null, never 0. The "
    "numbers of DFT belong to the sources that every row names; no licence is recorded for them."
)
_CITE = (
    "Softmode contributors, Softmode: which foundation potential can be trusted with a soft phonon; and the sources "
    "that the rows name."
)
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The names that Croissant 1.0 prescribes."""

_TYPES = {
    pa.string(): "sc:Text",
    pa.int64(): "sc:Integer",
    pa.float64(): "sc:Float",
    pa.float32(): "sc:Float",
    pa.bool_(): "sc:Boolean",
}


def description(manifest: Mapping[str, Any], base: str = "") -> dict[str, Any]:
    """What `croissant.json` says of `Manifest.document()`; the address of a file is `base` and its name.

    The files of a table that has several are found in the folder of the description; a table without a file is left
    out, because the format has no empty set of files.
    """
    listed = {name: table["files"] for name, table in manifest["tables"].items() if name in SCHEMAS and table["files"]}
    version = manifest["schema"]
    sets = [_file_set(name, files) for name, files in listed.items() if len(files) > 1]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "softmode",
        "description": _DESCRIPTION,
        "citeAs": _CITE,
        "version": f"{version['major']}.{version['minor']}.0",
        "distribution": [*(_file(file, base) for files in listed.values() for file in files), *sets],
        "recordSet": [_table(name, files) for name, files in listed.items()],
    }


def _file(entry: Mapping[str, Any], base: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": entry["file"],
        "name": entry["file"],
        "contentUrl": f"{base}{entry['file']}",
        "contentSize": f"{entry['bytes']} B",
        "encodingFormat": "application/x-parquet",
        "sha256": entry["sha256"],
    }


def _file_set(name: str, files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": _set_of(name),
        "name": _set_of(name),
        "encodingFormat": "application/x-parquet",
        "includes": [entry["file"] for entry in files],
    }


def _set_of(name: str) -> str:
    return f"files-of-{name}"


def _table(name: str, files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    source = {"fileObject": {"@id": files[0]["file"]}} if len(files) == 1 else {"fileSet": {"@id": _set_of(name)}}
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "key": [{"@id": f"{name}/{column}"} for column in KEYS[name]],
        "field": [_field(name, field, source) for field in SCHEMAS[name]],
    }


def _field(table: str, field: pa.Field, source: Mapping[str, Any]) -> dict[str, Any]:
    text, unit = (field.metadata[key].decode() for key in (b"description", b"unit"))
    is_list = pa.types.is_list(field.type)
    return {
        "@type": "cr:Field",
        "@id": f"{table}/{field.name}",
        "name": field.name,
        "description": f"{text} ({unit})" if unit else text,
        "dataType": _TYPES[field.type.value_type if is_list else field.type],
        **({"repeated": True} if is_list else {}),
        "source": {**source, "extract": {"column": field.name}},
    }
