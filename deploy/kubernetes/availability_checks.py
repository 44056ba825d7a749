"""What goes wrong with rendered manifests only once pods come and go, or speak to one another.

Pure: manifests in, sentences out. Must not know any one of our services.
"""

from collections.abc import Callable, Iterator

from deploy.kubernetes.manifests import Manifest, Manifests, Pod, name_of, namespace_of, selects

Check = Callable[[Manifests], Iterator[str]]

DEFAULT_ROLLING = {"maxSurge": "25%", "maxUnavailable": "25%"}
DIRECTIONS = (("Ingress", "ingress", "from"), ("Egress", "egress", "to"))


def _rollouts(manifests: Manifests) -> Iterator[str]:
    for deployment in manifests.of("Deployment"):
        strategy = deployment["spec"].get("strategy", {})
        rolling = DEFAULT_ROLLING | (strategy.get("rollingUpdate") or {})
        if strategy.get("type") != "Recreate" and all(_is_none(rolling[what]) for what in DEFAULT_ROLLING):
            yield f"{name_of(deployment)}: may neither add a pod nor take one away, so it never rolls"


def _is_none(amount: int | str) -> bool:
    return str(amount).removesuffix("%") == "0"


def _autoscalers(manifests: Manifests) -> Iterator[str]:
    for scaler in manifests.of("HorizontalPodAutoscaler"):
        name, spec = name_of(scaler), scaler["spec"]
        wanted = spec["scaleTargetRef"]
        targets = [one for one in manifests.of(wanted["kind"]) if _is_called(one, wanted["name"], scaler)]
        if spec.get("minReplicas", 1) > spec["maxReplicas"]:
            yield f"{name}: its least, {spec['minReplicas']}, is more than its most, {spec['maxReplicas']}"
        if not targets:
            yield f"{name}: there is no {wanted['kind']} {wanted['name']}"
        yield from (
            f"{name}: {name_of(target)} names its replicas, which every apply would put back"
            for target in targets
            if "replicas" in target["spec"]
        )


def _is_called(manifest: Manifest, name: str, beside: Manifest) -> bool:
    return manifest["metadata"]["name"] == name and namespace_of(manifest) == namespace_of(beside)


def _budgets(manifests: Manifests) -> Iterator[str]:
    for budget in manifests.of("PodDisruptionBudget"):
        name, spec = name_of(budget), budget["spec"]
        pods = manifests.selected(spec["selector"], namespace_of(budget))
        if len(pods) != 1:
            yield f"{name}: it is for the pods of {len(pods)} owners, and not of one"
        for pod in pods:
            if (least := least_replicas(manifests, pod)) - needed(spec, least) < 1:
                yield f"{name}: of {least} {pod.name} pods none may be taken away, so no node is ever drained"


def least_replicas(manifests: Manifests, pod: Pod) -> int:
    """How many there are at the quietest hour."""
    for scaler in manifests.of("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        if (target["kind"], target["name"], namespace_of(scaler)) == (pod.kind, pod.name, pod.namespace):
            return int(scaler["spec"].get("minReplicas", 1))
    (owner,) = (
        one for one in manifests.of(pod.kind) if name_of(one) == pod.owner and namespace_of(one) == pod.namespace
    )
    return int(owner["spec"].get("replicas", 1))


def needed(budget: Manifest, replicas: int) -> int:
    """How many of them a budget keeps; percentages are rounded up, as the disruption controller does."""
    if "maxUnavailable" in budget:
        return replicas - _share(budget["maxUnavailable"], replicas)
    return _share(budget["minAvailable"], replicas)


def _share(amount: int | str, of: int) -> int:
    return amount if isinstance(amount, int) else -(-int(amount.removesuffix("%")) * of // 100)


def _spread(manifests: Manifests) -> Iterator[str]:
    for pod in manifests.pods():
        own = [one["labelSelector"] for one in pod.spec.get("topologySpreadConstraints", [])]
        apart = pod.spec.get("affinity", {}).get("podAntiAffinity", {})
        own += [
            term["podAffinityTerm"]["labelSelector"]
            for term in apart.get("preferredDuringSchedulingIgnoredDuringExecution", [])
        ]
        own += [term["labelSelector"] for term in apart.get("requiredDuringSchedulingIgnoredDuringExecution", [])]
        yield from (
            f"{pod.owner}: is spread by {selector}, which is not itself"
            for selector in own
            if not selects(selector, pod.labels)
        )


def _policies(manifests: Manifests) -> Iterator[str]:
    for policy in manifests.of("NetworkPolicy"):
        name, spec, space = name_of(policy), policy["spec"], namespace_of(policy)
        pods = manifests.selected(spec["podSelector"], space)
        if not pods:
            yield f"{name}: it is for nobody"
        for kind, member, peers in DIRECTIONS:
            if (kind in spec["policyTypes"]) < (member in spec):
                yield f"{name}: its {member} is not among its policyTypes"
            for rule in spec.get(member, []):
                others = [peer for peer in rule.get(peers, []) if "ipBlock" not in peer]
                known = [peer["podSelector"] for peer in others if "namespaceSelector" not in peer]
                met = [pod for selector in known for pod in manifests.selected(selector, space)]
                yield from (f"{name}: nobody is {one}" for one in known if not manifests.selected(one, space))
                yield from _unknown_ports(name, rule, pods if kind == "Ingress" else met)


def _unknown_ports(name: str, rule: Manifest, pods: list[Pod]) -> Iterator[str]:
    for port in rule.get("ports", []):
        yield from (
            f"{name}: {pod.owner} has no port {port['port']!r}" for pod in pods if not pod.has_port(port["port"])
        )


def _closed(manifests: Manifests) -> Iterator[str]:
    """Where there are policies at all, every pod is closed in both directions, and every Service has a way in."""
    policies = manifests.of("NetworkPolicy")
    for pod in manifests.pods() if policies else []:
        for kind, _, _ in DIRECTIONS:
            if not any(kind in policy["spec"]["policyTypes"] for policy in policies if _is_for(policy, pod)):
                yield f"{pod.owner}: no policy closes its {kind.lower()}"
    for service in manifests.of("Service") if policies else []:
        for pod in manifests.selected(service["spec"]["selector"], namespace_of(service)):
            for port in service["spec"]["ports"]:
                if not any(_lets_in(policy, port) for policy in policies if _is_for(policy, pod)):
                    yield f"{name_of(service)}: no policy lets anyone reach port {port['port']} of {pod.owner}"


def _both_sides(manifests: Manifests) -> Iterator[str]:
    """A way out to a pod of ours needs a way into it, its port spelled alike."""
    policies = manifests.of("NetworkPolicy")
    for policy, rule, caller, callee in _ways_out(manifests):
        ways_in = (one for other in policies if _is_for(other, callee) for one in other["spec"].get("ingress", []))
        if not any(_admits(one, caller, rule) for one in ways_in):
            yield f"{name_of(policy)}: no policy of {callee.owner} lets {caller.owner} in"


def _ways_out(manifests: Manifests) -> Iterator[tuple[Manifest, Manifest, Pod, Pod]]:
    """Each policy and its rule that let one of our pods out to another of them."""
    for policy in manifests.of("NetworkPolicy"):
        space = namespace_of(policy)
        for rule in policy["spec"].get("egress", []):
            near = [peer["podSelector"] for peer in rule.get("to", []) if peer.keys() == {"podSelector"}]
            for callee in (pod for selector in near for pod in manifests.selected(selector, space)):
                for caller in manifests.selected(policy["spec"]["podSelector"], space):
                    yield policy, rule, caller, callee


def _admits(ingress: Manifest, caller: Pod, egress: Manifest) -> bool:
    """Peers of other namespaces are nobody here."""
    known = [peer["podSelector"] for peer in ingress.get("from", []) if peer.keys() == {"podSelector"}]
    from_there = "from" not in ingress or any(selects(selector, caller.labels) for selector in known)
    same_port = "ports" not in ingress or any(port in ingress["ports"] for port in egress.get("ports", []))
    return from_there and same_port


def _is_for(policy: Manifest, pod: Pod) -> bool:
    return namespace_of(policy) == pod.namespace and selects(policy["spec"]["podSelector"], pod.labels)


def _lets_in(policy: Manifest, port: Manifest) -> bool:
    target = port.get("targetPort", port["port"])
    rules = policy["spec"].get("ingress", [])
    return any("ports" not in rule or target in [one["port"] for one in rule["ports"]] for rule in rules)


def _monitors(manifests: Manifests) -> Iterator[str]:
    """What no schema here knows: it belongs to an operator's own kinds."""
    for monitor in manifests.of("ServiceMonitor"):
        selector, space = monitor["spec"]["selector"], namespace_of(monitor)
        services = [
            service
            for service in manifests.of("Service")
            if namespace_of(service) == space and selects(selector, service["metadata"].get("labels", {}))
        ]
        if not services:
            yield f"{name_of(monitor)}: it watches no Service"
        for service in services:
            there = {port.get("name") for port in service["spec"]["ports"]}
            for endpoint in monitor["spec"]["endpoints"]:
                if endpoint["port"] not in there:
                    yield f"{name_of(monitor)}: {name_of(service)} has no port {endpoint['port']!r}"


def _jobs(manifests: Manifests) -> Iterator[str]:
    for job in manifests.of("Job"):
        if job["spec"]["template"]["spec"].get("restartPolicy") not in ("Never", "OnFailure"):
            yield f"{name_of(job)}: a Job's pods do not start again for ever"
        if "activeDeadlineSeconds" not in job["spec"]:
            yield f"{name_of(job)}: it may run for ever"


OPERATING: tuple[Check, ...] = (
    _rollouts,
    _autoscalers,
    _budgets,
    _spread,
    _policies,
    _closed,
    _both_sides,
    _monitors,
    _jobs,
)
