"""A training's place in MLflow's model registry: what a table's cell links to. The weights themselves are DVC's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .mirror import Stage
from .tracking import model_alias, model_name, model_uri

TOLD = ("fingerprint", "weights", "model_sha256", "model_path", "commit")


def register(client: Any, stage: Stage, run_id: str, more: Mapping[str, str]) -> dict[str, str]:
    """One version for one finished training, its fingerprint for an alias; tags say which weights, ``more`` among them.

    ``client`` is an MlflowClient. Returns the tag of the run that points there. Done again, it changes nothing.
    """
    scale, run, fingerprint = stage.begin["spec"]["scale"], stage.begin["run"], stage.begin["fingerprint"]
    name = model_name(scale, run)
    if not client.search_registered_models(f"name='{name}'"):
        client.create_registered_model(name, tags={"run": run, "scale": scale})
    there = client.search_model_versions(f"name='{name}' and run_id='{run_id}'")
    if not there:
        tags = {**{k: v for k, v in stage.tags.items() if k in TOLD}, **more}
        # A server takes no path of its own machine, but the place of a run's artifacts.
        source = f"runs:/{run_id}/model"
        there = [client.create_model_version(name, source, run_id, tags=tags, await_creation_for=None)]
    client.set_registered_model_alias(name, model_alias(fingerprint), there[0].version)
    return {"registered": model_uri(scale, run, fingerprint)}
