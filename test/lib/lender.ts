/** A DHCP server of a network's owner: dnsmasq in the lab's namespace, which lends one address to one machine. */
import { spawn, type ChildProcess } from "node:child_process";
import { good, type Project } from "./project";

/** @param server address of the namespace in the machine's network */
export async function lend(
  project: Project,
  server: string,
  mac: string,
  address: string,
): Promise<ChildProcess> {
  const { namespace } = project;
  const line = good(await project.run("ip", ["-n", namespace, "-o", "address", "show", "to", server]));
  const [, bridge = ""] = line.split(/\s+/);
  const alone = ["--conf-file=/dev/null", "--port=0", "--bind-interfaces", "--pid-file=", "--leasefile-ro"];
  const told = ["--keep-in-foreground", `--interface=${bridge}`];
  const lent = [`--dhcp-range=${address},static,255.255.255.0`, `--dhcp-host=${mac},${address}`];
  // `ip netns exec` enters by exec: the child is dnsmasq itself.
  const program = ["dnsmasq", ...alone, ...told, ...lent];
  const env = { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` };
  return spawn("ip", ["netns", "exec", namespace, ...program], { env, stdio: "ignore" });
}
