/**
 * Keys for the ssh client that are in no file: ssh asks an agent (draft-ietf-sshm-ssh-agent), and the agent is we. A key may
 * still be on its way when ssh asks: by then the key exchange is over, which takes a third of a second under emulation.
 */
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { Transform } from "node:stream";
import type { AgentProtocol } from "ssh2";

/** Serves one key, in OpenSSH's format, at a socket. Without it ssh is told that there is none. */
export function serveKey(path: string, key: () => Promise<string | undefined>): Server {
  const server = createServer((socket) => {
    socket.on("error", () => undefined); // ssh has ended
    void answer(socket, key);
  });
  server.listen(path).unref();
  return server;
}

async function answer(socket: Socket, key: () => Promise<string | undefined>): Promise<void> {
  const { default: ssh2 } = await import("ssh2");
  const agent: AgentProtocol = new ssh2.AgentProtocol(false);
  const parsed = key().then((text) => {
    const found = text === undefined ? undefined : ssh2.utils.parseKey(text);
    return found instanceof Error ? undefined : found;
  });
  const known = parsed.catch(() => undefined); // whoever asked for the key is told why
  agent.on("identities", (request) => {
    void known.then((one) =>
      one === undefined ? agent.failureReply(request) : agent.getIdentitiesReply(request, [one]),
    );
  });
  agent.on("sign", (request, _key, data, { hash }) => {
    void known.then((one) => {
      const signature = one?.sign(data, hash);
      if (one === undefined || !Buffer.isBuffer(signature)) agent.failureReply(request);
      else agent.signReply(request, one.type.startsWith("ecdsa-") ? twoNumbers(signature) : signature);
    });
  });
  agent.on("error", () => socket.destroy());
  socket.pipe(understood(socket)).pipe(agent).pipe(socket);
}

const REQUEST_IDENTITIES = 11;
const SIGN_REQUEST = 13;
const FAILURE = Buffer.from([0, 0, 0, 1, 5]);

/**
 * Hands on what ssh2's agent understands, and refuses the rest itself: of a message that it does not know that one takes the
 * body for the next (1.17), and ssh begins with such a one (session-bind@openssh.com).
 */
function understood(socket: Socket): Transform {
  let left = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      left = Buffer.concat([left, chunk]);
      while (left.length >= 5 && left.length >= 4 + left.readUInt32BE(0)) {
        const message = left.subarray(0, 4 + left.readUInt32BE(0));
        left = left.subarray(message.length);
        if (message[4] === REQUEST_IDENTITIES || message[4] === SIGN_REQUEST) this.push(message);
        else socket.write(FAILURE);
      }
      done();
    },
  });
}

/** An ECDSA signature as SSH has it, two mpints (RFC 5656 section 3.1.2), from DER's SEQUENCE of two INTEGERs. */
function twoNumbers(der: Buffer): Buffer {
  // Both begin with their lengths; a sequence of 128 bytes and more has one byte more before it.
  const numbers = der.subarray((der[1] ?? 0) < 0x80 ? 2 : 3);
  const first = 2 + (numbers[1] ?? 0);
  return Buffer.concat([numbers.subarray(0, first), numbers.subarray(first)].map(mpint));
}

/** A DER INTEGER's bytes are an mpint's (RFC 4251 section 5); only its length is written in another way. */
function mpint(integer: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(integer.length - 2);
  return Buffer.concat([length, integer.subarray(2)]);
}
