"""The built pages as files; what has a hash in its name may be kept by browsers for ever."""

from __future__ import annotations

import os
import re
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

HASHED = re.compile(r"^assets/.+-[\w-]{8}\.\w+$")
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
"""May be kept, but is asked for again: an unchanged page costs one short answer."""
READING = ("GET", "HEAD")


class Pages(StaticFiles):
    """The files in ``folder``. What is not there, or is not to be read, is simply absent."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)
        self._folder = folder

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or the same answer for every absence."""
        try:
            answer = await super().get_response(path, {**scope, "method": "GET"})
        except (HTTPException, OSError) as error:
            raise HTTPException(404) from error
        if scope["method"] not in READING:
            raise HTTPException(405)
        return answer

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The file with the right to keep it."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        inside = Path(full_path).relative_to(self._folder.resolve()).as_posix()
        answer.headers["cache-control"] = FOR_EVER if HASHED.match(inside) else ASK_AGAIN
        return answer
