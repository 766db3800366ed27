module lab-in-go

go 1.25.0

require example.com/pulumi-vxlab/sdk/go/vxlab v0.1.0

replace example.com/pulumi-vxlab/sdk/go/vxlab => ./sdks/vxlab/vxlab
