import { sentenceOf } from "../../components/connectivity/sentence";
import { ConnectivityKind } from "../../components/connectivity/spec";
import type { CheckFacts } from "../../plan/types";
import type { Check, CheckKind } from "../check";

/** What the settings' own checks ask for (docs/checks.md). */
export const connectivity: CheckKind = {
  about: "packet",
  of: ({ checks = [] }) => checks.map(connectivityCheck),
};

function connectivityCheck(asked: CheckFacts): Check {
  const { name, host } = asked;
  return {
    ...{
      kind: "connectivity",
      name: `check/${name}`,
      host,
      expected: sentenceOf(asked),
      where: whereOf(asked),
    },
    needs: [],
    tries: asked,
    judge: (_, { tried }) => tried?.get(name) ?? { ok: false, got: `${host} has not tried it` },
  };
}

function whereOf({ from, to, kind, port, path }: CheckFacts): string {
  const inside = `./vxlab exec ${from} --`;
  const authority = to.includes(":") ? `[${to}]` : to;
  if (kind === ConnectivityKind.Tcp) return `${inside} nc ${to} ${port}`;
  if (kind === ConnectivityKind.Http) return `${inside} wget -O - http://${authority}:${port}${path}`;
  return `${inside} ping -c 3 ${to}`;
}
