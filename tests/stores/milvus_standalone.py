"""Becomes the Milvus server of the PyPI package `milvus`; run by the Python that has it.

    python milvus_standalone.py DATA_FOLDER

The package's own starter keeps the server as a child, which outlives a kill; here the process
turns into the server. Keys are switched on: the first is root:Milvus.
"""

import os
import sys
from pathlib import Path


def become_the_server(data: str) -> None:
    import milvus

    config = milvus.MilvusServerConfig(data_dir=data)
    config.set("authorization_enabled", True)
    config.resolve()
    milvus._initialize_data_files(config.base_data_dir)
    folder = Path(config.base_data_dir)
    program = folder / "bin" / "milvus"
    os.chdir(folder)
    said = os.open(folder / "logs" / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.execve(
        program,
        [str(program), "run", "standalone"],
        {
            **os.environ,
            "DEPLOY_MODE": "STANDALONE",
            "METRICS_PORT": "9091",
            "MILVUS_RUN_DIR": str(folder / "run"),
            "LD_LIBRARY_PATH": str(program.parent),
        },
    )


if __name__ == "__main__":
    become_the_server(sys.argv[1])
