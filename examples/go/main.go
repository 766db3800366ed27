// A lab of two machines, one segment, a container on each.
package main

import (
	"example.com/pulumi-vxlab/sdk/go/vxlab"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		demo, err := vxlab.NewVxlanLab(ctx, "demo", &vxlab.VxlanLabArgs{
			Topology: vxlab.PartialTopologyArgs{
				Hosts: map[string]vxlab.HostSpecArgs{
					"kvm1": {Address: "192.168.10.11"},
					"kvm2": {Address: "192.168.10.12"},
				},
				Segments: map[string]vxlab.SegmentSpecArgs{
					"red": {Vni: 100, Subnet: pulumi.StringRef("10.0.3.0/24")},
				},
				Containers: map[string]vxlab.ContainerSpecArgs{
					"c1": {Host: "kvm1"},
					"c2": {Host: "kvm2"},
				},
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("lab", demo.Lab)
		return nil
	})
}
