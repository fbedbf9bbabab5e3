"""Makes the small fixture files beside it with h5py and numpy: python3 make_fixtures.py"""
import json
import pathlib
import struct

import h5py
import numpy as np

HERE = pathlib.Path(__file__).parent
ROWS = 12


def observations(width=2):
    return (np.arange(ROWS * width).reshape(ROWS, width) / 8).astype(np.float32)


# Rows 0-3: an episode cut by a timeout. 4-6: one that ends in a terminal. 7-9: a timeout. 10, 11: the file ends.
with h5py.File(HERE / "d4rl-small.hdf5", "w") as file:
    file.create_dataset("observations", data=observations(), compression="gzip")
    file.create_dataset("actions", data=-observations(3)[:, :3] / 64, compression="gzip")
    file.create_dataset("rewards", data=np.arange(ROWS, dtype=np.float32).reshape(ROWS, 1), compression="gzip")
    file.create_dataset("next_observations", data=np.full((ROWS, 2), 99, np.float32), compression="gzip")
    file.create_dataset("terminals", data=np.isin(np.arange(ROWS), [6]), compression="gzip")
    file.create_dataset("timeouts", data=np.isin(np.arange(ROWS), [3, 9]), compression="gzip")
    file.create_dataset("infos/qpos", data=observations().astype(np.float64))
    file["metadata/algorithm"] = np.bytes_("SAC")
    file["metadata/note"] = "für Prüfungen"

# No timeouts, float terminals, other number types on disk.
with h5py.File(HERE / "d4rl-counted.hdf5", "w") as file:
    file.create_dataset("observations", data=observations().astype(">f8"))
    file.create_dataset("actions", data=np.arange(ROWS, dtype=np.int64).reshape(ROWS, 1))
    file.create_dataset("rewards", data=np.ones(ROWS, np.float64))
    file.create_dataset("terminals", data=np.isin(np.arange(ROWS), [2]).astype(np.float32))

with h5py.File(HERE / "types.hdf5", "w", libver=("earliest", "v110")) as file:
    file["float16"] = np.array([0.5, -2], np.float16)
    file["uint8"] = np.array([0, 255], np.uint8)
    file["flags"] = np.array([[True], [False]])
    file["fixed"] = np.bytes_("fixed text")
    file["variable"] = "variable text ü"
    file["texts"] = np.array([b"a", b"b"])
    file["empty"] = np.zeros((0, 3), np.float32)
    file["null"] = h5py.Empty("f")
    file["compound"] = np.zeros(2, [("a", "i4"), ("b", "f8")])
    file["deep/er/value"] = np.float64(2.5)
    file["soft"] = h5py.SoftLink("/uint8")
    file["dangling"] = h5py.SoftLink("/nowhere")
    file["external"] = h5py.ExternalLink("elsewhere.hdf5", "/x")
    file["deep/cycle"] = h5py.SoftLink("/deep")

# Claims 4 GB of which nothing was ever stored, as a file with a damaged size would.
with h5py.File(HERE / "claims.hdf5", "w") as file:
    file.create_dataset("huge", shape=(10**9,), dtype=np.float32, chunks=(1000,), compression="gzip")
    file.create_dataset("unwritten", shape=(5,), dtype=np.float32)


def safetensors(path, metadata, tensors):
    header, data = {"__metadata__": metadata}, b""
    for name, (dtype, array) in tensors.items():
        start = len(data)
        data += array.tobytes()
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [start, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


safetensors(HERE / "types.safetensors", {"made_by": "numpy", "text": "\u00fc \"quoted\" \\"}, {
    "f64": ("F64", np.array([[1.5, -2.25], [3, 4]])),
    "f32": ("F32", np.array([1.5, -2.25, 1e30], np.float32)),
    "f16": ("F16", np.array([0.5, -2], np.float16)),
    "bf16": ("BF16", np.array([0x3FC0, 0xC000], np.uint16)),
    "i64": ("I64", np.array([1, -9007199254740993], np.int64)),
    "u64": ("U64", np.array([2**64 - 1], np.uint64)),
    "i32": ("I32", np.array([-7], np.int32)),
    "u8": ("U8", np.array([0, 255], np.uint8)),
    "bool": ("BOOL", np.array([True, False, True])),
    "scalar": ("F64", np.array(42.0)),
    "none": ("F32", np.zeros((0, 3), np.float32)),
})
