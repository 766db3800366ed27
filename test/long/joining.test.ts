/** A host that joins two hundred others, through the real engine: minutes. Twelve: test/engine/joining.test.ts. */
import { describeJoining } from "../lib/joining";

describeJoining("joining-long", 200);
