/** A host that joins twelve others, through the real engine. Two hundred: test/long/joining.test.ts. */
import { describeJoining } from "../lib/joining";

describeJoining("joining", 12);
