/** The machines of another stack, as hosts that are there before a lab. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { good, type Project } from "../lib/project";
import { shared } from "../lib/shared-ssh";
import { within } from "../lib/wait";
import { OFFICE, SERVERS, type Login, type Logins, type ServerName } from "./labs";

/** Deploys them, and waits until each answers. @param more settings of their stack */
export async function office(project: Project, more: object = {}): Promise<Logins> {
  project.configure({ ...OFFICE, ...more }, "office");
  good(await project.vxlab(["up", "-s", "office", "--no-verify"], { timeout: 900 }));
  const words = ["stack", "output", "--json", "--show-secrets", "--stack", "office"];
  const { login, vteps } = JSON.parse(good(await project.pulumi(words))) as {
    login: Record<ServerName, string>;
    vteps: { hosts: Record<ServerName, { hostKey: string }> };
  };
  const of = (name: ServerName): Login => {
    const keyFile = join(project.paths.dot, `key-of-${name}`);
    writeFileSync(keyFile, login[name], { mode: 0o600 });
    return { hostKey: vteps.hosts[name].hostKey, keyFile, privateKey: login[name] };
  };
  const logins = { a: of("a"), b: of("b") };
  for (const name of ["a", "b"] as const)
    await within(
      300,
      `the server ${name}`,
      async () => (await onServer(project, logins, name, "true")).code === 0,
    );
  return logins;
}

/** A script on one of them, as its owner. */
export function onServer(project: Project, logins: Logins, name: ServerName, script: string, input?: string) {
  const known = join(project.paths.dot, "known-servers");
  writeFileSync(
    known,
    Object.entries(SERVERS)
      .map(([of, address]) => `${address} ${logins[of as ServerName].hostKey}\n`)
      .join(""),
  );
  const options = [
    ...["BatchMode=yes", "ConnectTimeout=5", "IdentitiesOnly=yes", `UserKnownHostsFile=${known}`],
    ...shared(project),
  ];
  const ssh = [
    "ssh",
    ...options.flatMap((one) => ["-o", one]),
    "-i",
    logins[name].keyFile,
    `root@${SERVERS[name]}`,
    script,
  ];
  return project.run("ip", ["netns", "exec", project.namespace, ...ssh], { timeout: 120, input });
}
