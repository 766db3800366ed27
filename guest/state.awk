# What a verb gets on stdin (guest/protocol.ts) as shell assignments, local to the function that evaluates them: first line the
# envelope, second line the secrets of a container or of the encryption. Input variables: kind, protocol, and kept, the folder of the kept desired states or "".
#
#   json, secrets            the two lines as they are
#   id, step, lab            the host keeps a thing under id: LAB-STEP
#   every field of the state and of the secrets, and with the prefix was_ those of the state that is kept
#   outdated                 set for the form of older tools (upgrade.awk)

BEGIN { json_root = "state"; scope = "local " }

# Level 2 sent the tools at the end of a bridge's state. Parsing them would take half a minute under emulation.
NR == 1 && kind == "bridge" && (at = index($0, ",\"tools\":{")) { $0 = substr($0, 1, at - 1) "}" }
NR == 1 { envelope = $0 }
NR == 2 && kind ~ /^(container|encryption)$/ { secrets = $0 }

END {
  fault = json_read(envelope)
  if (fault != "") refuse("desired state is not JSON: " fault)
  print scope "json=" shell(envelope) " secrets=" shell(secrets)
  version = "v" in json_value ? json_value["v"] : "id" in json_value ? 2 : "unknown"
  if (version !~ /^[0-9]+$/) refuse("desired state of version " version ": the guest tools read versions up to " protocol)
  if (version + 0 > protocol + 0)
    refuse("desired state of version " version " comes from a newer vxlab: the guest tools of this host read versions up to " protocol ". Nothing was changed: run up with the newer vxlab")
  if (version + 0 < protocol + 0) { print scope "outdated=true"; exit }
  step = json_value["id"]
  lab = json_value["lab"]
  if (step !~ /^[A-Za-z0-9_.-]+$/) refuse("desired state without a usable id")
  if (lab !~ /^[A-Za-z0-9_.-]*$/) refuse("desired state without a usable id of its lab")
  state_fields(envelope, kind, lab, step)
  if (secrets != "") assign(secrets, "")
  if (kept != "" && (getline was < (kept "/" kind "-" id ".json")) > 0) assign(was, "was_")
}
