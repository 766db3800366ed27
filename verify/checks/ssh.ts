import type { CheckKind } from "../check";

/** SSH answers, and the host has the key that it was created with. */
export const ssh: CheckKind = {
  about: "host",
  of: ({ hosts }) =>
    hosts.map(({ name, address, existing }) => ({
      kind: "ssh",
      name: `ssh/${name}`,
      host: name,
      expected: `${existing?.sshAddress ?? address} answers with its pinned host key`,
      where: `./vxlab ssh ${name} -- uptime`,
      needs: [],
      judge: () => ({ ok: true, got: "answers" }),
    })),
};
