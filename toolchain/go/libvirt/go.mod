module vxlab.local/toolchain/libvirt

go 1.25

require github.com/dmacvicar/terraform-provider-libvirt v0.8.3
