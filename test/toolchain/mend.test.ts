import { describe, expect, it } from "vitest";
import { edited, libvirtStreams } from "../../toolchain/go/mend";

/** The places of go-libvirt's rpc.go that are mended, and nothing else of it. */
const RPC = `type response struct {
	Payload []byte
	Status  uint32
}

	l.callback(h.Serial, response{Payload: buf, Status: h.Status})

	c := make(chan response)

	resp, err := l.getResponse(c)
	if err != nil {
		return resp, err
	}

	if out != nil {
		resp, err = l.processIncomingStream(c, in)
	}
		return l.processIncomingStream(c, in)

func (l *Libvirt) processIncomingStream(c chan response, inStream io.Writer) (response, error) {
	for {
		resp, err := l.getResponse(c)
	}
}
`;

describe("the cure for the libvirt client's streams", () => {
  it("tells data from replies, keeps what comes early, and gives late answers room", () => {
    const text = edited(RPC, libvirtStreams);
    expect(text).toContain("Stream: h.Type == socket.Stream}");
    expect(text).toContain("early = append(early, resp)");
    expect(text).toContain("return l.processIncomingStream(c, in, early)");
    expect(text).toContain("resp, early = early[0], early[1:]");
    expect(text).toContain("c := make(chan response, 16)");
  });

  it.each(["", RPC + RPC, RPC.replace("chan response)\n", "chan response, 1)\n")])(
    "is refused where the text is another",
    (text) =>
      expect(() => edited(text, libvirtStreams)).toThrow(
        "rpc.go of github.com/digitalocean/go-libvirt has changed",
      ),
  );
});
