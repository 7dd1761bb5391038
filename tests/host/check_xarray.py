#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Opens an output file the way a user does, and checks what it promises: check_xarray.py FILE."""

import sys

import numpy
import xarray

RUN_DATA = ["run_status", "diverged_step", "barrier_ratio", "c_sharp_margin"]
STEP_DATA = ["loss", "train_loss", "accuracy", "sharpness", "sharpness_residual",
             "sharpness_products", "sharpness_status"]
SPECTRUM_DATA = {"top_eigenvalue": ("top",), "top_eigenvalue_residual": ("top",), "smallest_eigenvalue": (),
                 "smallest_eigenvalue_residual": (), "density_node": ("probe", "node"),
                 "density_weight": ("probe", "node"), "spectrum_products": (), "spectrum_status": ()}
SPECTRUM_DIMS = {"spectrum_step", "top", "probe", "node"}
CONSTANTS = ["critical_log2c_low", "critical_log2c_high", "critical_status",
             "critical_rests_on_collapsed"]
POINT_DATA = ["point_networks", "point_collapsed", "point_diverged"]
SCALARS = ["audit_measurements", "audit_misses", "audit_worst", "committed_rows",
           "commit_checksum", "study_state", "end_time"]
ATTRIBUTES = ["Conventions", "title", "history", "source", "study_yaml", "study_resolved_yaml",
              "study_sha256", "model", "data_name", "data_sha256", "loss_normalisation",
              "measured_on", "device", "libraries", "precision", "schema_version", "start_time"]
MEANINGS = {
    "constant": "c_loss c_sharp c_barrier c_max",
    "run_status": "pending finished diverged collapsed stopped",
    "sharpness_status": "converged not_converged bound_only collapsed not_measured",
    "critical_status": "found below_range none_below_c_max above_range not_monotone not_measured",
    "study_state": "running stopped complete",
}


def expect(condition, message):
    if not condition:
        sys.exit(f"check_xarray: {message}")


def swept_variables(data):
    """The variables of the swept keys, in the order of the study."""
    names = data.attrs.get("swept_keys", "").split()
    return [f"swept_{name}" if f"swept_{name}" in data else name for name in names]


def check_dimensions(data):
    expect(set(data.dims) - SPECTRUM_DIMS == {"run", "step", "constant", "point"}, f"dimensions {data.dims}")
    for name in data.dims:
        values = data[name].values
        numbered = name == "spectrum_step" or (values == numpy.arange(len(values))).all()
        expect(name in data.coords and numbered,
               f"the coordinate {name} is not 0, 1, ...")
    shapes = [(RUN_DATA, ("run",)), (STEP_DATA, ("run", "step")), (POINT_DATA, ("point",)),
              (CONSTANTS, ("point", "constant")), (SCALARS, ())]
    for names, dims in shapes:
        for name in names:
            expect(name in data.data_vars, f"{name} is missing, or no data variable")
            expect(data[name].dims == dims, f"{name} has the dimensions {data[name].dims}")
    expect(len(data.encoding.get("unlimited_dims", {"run", "point"}) ^ {"run", "point"}) == 0,
           "run and point are not unlimited")


def check_spectrum(data):
    """Whatever of it the study measured."""
    found = [name for name in SPECTRUM_DATA if name in data]
    expect(bool(found) == ("spectrum_step" in data.dims), "a spectrum without its steps")
    for name in found:
        dims = ("run", "spectrum_step") + SPECTRUM_DATA[name]
        expect(data[name].dims == dims, f"{name} has the dimensions {data[name].dims}")
    converged = data["spectrum_status"] == 0 if found else None
    if "density_weight" in found:
        weight = data["density_weight"].sum("node").where(converged, 1)
        expect(abs(weight - 1).max() < 1e-9, "the weights of a probe do not sum to 1")
    if "top_eigenvalue" in found:
        falls = data["top_eigenvalue"].diff("top").where(converged, 0)
        expect((falls <= 0).all(), "the largest eigenvalues do not descend")


def check_coordinates(data):
    swept = swept_variables(data)
    on_run = ["depth", "width", "seed", "c", "learning_rate", "sharpness_0",
              "sharpness_0_residual"] + swept
    on_point = ["point_" + name for name in ["depth", "width", "seed"] + swept]
    for names, dim in [(on_run, "run"), (on_point, "point")]:
        for name in names:
            expect(name in data.coords, f"{name} is not a coordinate")
            expect(data[name].dims == (dim,), f"{name} has the dimensions {data[name].dims}")
    expect("c" in data["loss"].coords, "loss does not carry its coordinates")


def check_attributes(data):
    for name in ATTRIBUTES:
        expect(name in data.attrs, f"no attribute {name}")
    expect(data.attrs["Conventions"] == "CF-1.11", data.attrs["Conventions"])
    expect(data.attrs["schema_version"] == 1, "schema_version")
    expect(len(data.attrs["study_sha256"]) == 64, "study_sha256 is no SHA-256")
    for name, meanings in MEANINGS.items():
        attributes = data[name].attrs
        expect(data[name].dtype == numpy.int8, f"{name} is {data[name].dtype}, not int8")
        expect(attributes.get("flag_meanings") == meanings, f"flag_meanings of {name}")
        expect(list(attributes["flag_values"]) == list(range(len(meanings.split()))),
               f"flag_values of {name}")
    for name, variable in data.variables.items():
        expect(variable.attrs.get("long_name"), f"{name} has no long_name")
        words = "flag_meanings" in variable.attrs
        time = name == "end_time"
        expect(words or time or variable.attrs.get("units") == "1", f"{name} has no units")
        if variable.dtype == numpy.float64 and not time:
            expect(numpy.isnan(variable.encoding.get("_FillValue", 0)), f"{name} has no _FillValue")


def check_rows(data):
    names = ["depth", "width", "seed"] + swept_variables(data) + ["c"]
    rows = list(zip(*(data[name].values.tolist() for name in names)))
    expect(rows == sorted(rows), "the rows are not sorted by " + ", ".join(names))
    expect(len(set(rows)) == len(rows), "a network stands twice in the file")
    expect(data["committed_rows"].item() == len(rows), "committed_rows")
    points = [name for name in data.coords if name.startswith("point_")]
    expect(data.sizes["point"] <= data.sizes["run"] and points, "points")
    held = data["run_status"] == 1
    expect(numpy.isfinite(data["loss"].where(held, 0)).all(), "a finished network without a loss")


def check(path, engine):
    with xarray.open_dataset(path, engine=engine) as data:
        data.load()
        check_dimensions(data)
        check_spectrum(data)
        check_coordinates(data)
        check_attributes(data)
        check_rows(data)
        print(f"{path}: {data.sizes['run']} networks, {data.sizes['point']} points ({engine})")


def main():
    expect(len(sys.argv) == 2, "usage: check_xarray.py FILE")
    check(sys.argv[1], "h5netcdf")
    try:
        import netCDF4  # noqa: F401
    except ImportError:
        print("netCDF4 is not installed: not tried")
    else:
        check(sys.argv[1], "netcdf4")


if __name__ == "__main__":
    main()
