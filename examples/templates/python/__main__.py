import pulumi
import pulumi_vxlab as vxlab

demo = vxlab.VxlanLab(
    "demo",
    # Unique to this lab: MAC addresses are computed from it.
    identity=f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}",
    topology={
        "hosts": {"kvm1": {"address": "192.168.10.11"}, "kvm2": {"address": "192.168.10.12"}},
        "segments": {"red": {"vni": 100, "subnet": "10.0.3.0/24"}},
        "containers": {"c1": {"host": "kvm1"}, "c2": {"host": "kvm2"}},
    },
)

pulumi.export("lab", demo.lab)
