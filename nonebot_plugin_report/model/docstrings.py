"""What the docstrings below a model's fields say, read from its source when somebody asks.

pydantic's `use_attribute_docstrings` reads it while the class is made, which was an eighth of the
plugin's time to load.
"""

import ast
import inspect
from contextlib import suppress
from itertools import pairwise
from textwrap import dedent
from typing import Any, cast

from pydantic import BaseModel


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """The docstrings of the fields of a model and its bases, by name; none where the source is
    not there."""
    texts: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            with suppress(OSError, TypeError):
                texts |= _docstrings(inspect.getsource(base))
    return texts


def add_meanings(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Put them into the model's JSON schema, which others show forms from: for `json_schema_extra`
    of its configuration."""
    texts = meanings(model)
    for name, info in model.model_fields.items():
        if name in texts:
            schema["properties"][info.alias or name]["description"] = texts[name]


def _docstrings(source: str) -> dict[str, str]:
    """What stands below each annotated name of a class."""
    texts: dict[str, str] = {}
    definition = cast("ast.ClassDef", ast.parse(dedent(source)).body[0])
    for field, below in pairwise(definition.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                texts[name] = inspect.cleandoc(text)
            case _:
                pass
    return texts
