"""What older versions of Dagster have under other names, or not at all, so that the locations' files need not care."""

import re

import dagster as dg

# 1.7 differs from all later ones in whatever is here.
IS_OLD = not hasattr(dg, "AutomationConditionSensorDefinition")


def specified(specs):
    """Assets that are specified and not made. 1.7 knows no others than those whose paths could name a variable."""
    if not IS_OLD:
        return specs
    named = [spec for spec in specs if all(re.fullmatch(r"[A-Za-z0-9_]+", part) for part in spec.key.path)]
    return dg.external_assets_from_specs(named)


def eager():
    """Arguments of an asset that is made by itself."""
    if IS_OLD:
        return {"auto_materialize_policy": dg.AutoMaterializePolicy.eager()}
    return {"automation_condition": dg.AutomationCondition.eager()}


def schedule_of(name, selection):
    """Arguments of a schedule that makes assets without a job of its own; 1.7 wants a job."""
    return {"job": dg.define_asset_job(f"{name}_job", selection)} if IS_OLD else {"target": selection}


def sensor_of(*assets):
    """Arguments of a sensor that makes assets without a job of its own."""
    return {"asset_selection": dg.AssetSelection.assets(*assets)} if IS_OLD else {"target": list(assets)}


def automation_sensor(name, selection):
    if IS_OLD:
        return dg.AutoMaterializeSensorDefinition(name, asset_selection=selection)
    return dg.AutomationConditionSensorDefinition(name, target=selection)
