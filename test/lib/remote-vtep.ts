/** A VTEP that no stack has: a plain vxlan device of the kernel, in a network namespace of its own beside the lab's machines. */
import { good, type Project } from "./project";

export class RemoteVtep {
  private constructor(
    private readonly project: Project,
    private readonly name: string,
    private readonly device: string,
  ) {}

  /**
   * @param name of its device, where there are several
   * @param vtep its own address in the underlay, to be had on the underlay's bridge
   * @param inside its address in the segment, with prefix length
   * @param hosts the VTEPs that get a copy of what it floods
   */
  static async create(
    project: Project,
    {
      vtep,
      vni,
      inside,
      hosts,
      name = "far",
    }: { vtep: string; vni: number; inside: string; hosts: readonly string[]; name?: string },
  ): Promise<RemoteVtep> {
    const remote = new RemoteVtep(project, `${project.namespace}-${name}`, name);
    await remote.remove();
    const bridge = "$(ip -o -4 address show to 192.168.10.1/32 | awk '{ print $2 }')";
    const flood = hosts.map((host) => `bridge fdb append 00:00:00:00:00:00 dev ${name} dst ${host}`);
    good(
      await remote.sh(
        project.namespace,
        `ip address replace ${vtep}/32 dev ${bridge}`,
        `ip link add ${name} type vxlan id ${vni} dstport 4789 local ${vtep}`,
        ...flood,
      ),
    );
    good(await project.run("ip", ["netns", "add", remote.name]));
    good(await remote.sh(project.namespace, `ip link set ${name} netns ${remote.name}`));
    good(
      await remote.sh(remote.name, `ip address add ${inside} dev ${name}`, `ip link set ${name} mtu 1450 up`),
    );
    return remote;
  }

  /** What becomes of a TCP connection to a port where nobody listens: ECONNREFUSED is an answer from the other end. */
  async connect(address: string): Promise<string> {
    const program = `require("net").connect({ host: "${address}", port: 9, timeout: 20000 })
      .on("error", (e) => console.log(e.code)).on("timeout", () => { console.log("timeout"); process.exit(); })`;
    const words = ["netns", "exec", this.name, process.execPath, "-e", program];
    return good(await this.project.run("ip", words, { timeout: 40 })).trim();
  }

  /** Whether an address in the segment answers. Packets up to the MTU may not be cut: Linux's default, IP_PMTUDISC_WANT (ip(7)). @param size of the data, bytes */
  async ping(address: string, size: number): Promise<boolean> {
    const words = ["netns", "exec", this.name, "busybox", "ping", "-c", "3", "-W", "9", "-s", `${size}`];
    return (await this.project.run("ip", [...words, address], { timeout: 60 })).code === 0;
  }

  /** Ends what Linux says by itself on a device with IPv6: router solicitations, and reports of MLD (RFC 4861, 3810). */
  async silence(): Promise<void> {
    good(await this.sh(this.name, `echo 1 >/proc/sys/net/ipv6/conf/${this.device}/disable_ipv6`));
  }

  async mac(): Promise<string> {
    const found = await this.project.run("ip", ["-n", this.name, "-o", "link", "show", "dev", this.device]);
    return /link\/ether (\S+)/.exec(good(found))?.[1] ?? "";
  }

  /** MACs that it has learned, without those that it was told to flood to. */
  async learned(): Promise<string[]> {
    const table = good(
      await this.project.run("bridge", ["-n", this.name, "fdb", "show", "dev", this.device]),
    );
    return table
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("00:00:00:00:00:00") && line.includes(" dst "));
  }

  async remove(): Promise<void> {
    await this.project.run("ip", ["netns", "delete", this.name], { timeout: 20 });
    await this.project.run("ip", ["-n", this.project.namespace, "link", "delete", this.device], {
      timeout: 20,
    });
  }

  private sh(namespace: string, ...lines: string[]) {
    return this.project.run("ip", ["netns", "exec", namespace, "sh", "-ec", lines.join("\n")], {
      timeout: 30,
    });
  }
}
