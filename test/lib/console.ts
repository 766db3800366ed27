/** What a machine prints on its serial console: the only witness when it no longer answers. */
import { spawn, type ChildProcess } from "node:child_process";
import { good, type Project } from "./project";

export class Console {
  private text = "";

  static async of(project: Project, domain: string): Promise<Console> {
    const pty = good(await project.virsh(["ttyconsole", domain])).trim();
    return new Console(spawn("cat", [pty], { stdio: ["ignore", "pipe", "ignore"] }));
  }

  private constructor(private readonly reader: ChildProcess) {
    reader.stdout?.setEncoding("utf8").on("data", (text: string) => (this.text += text));
  }

  /** Runs `work`; when it fails, the error tells what the console said meanwhile. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const said = this.text.trim().split("\n").slice(-20).join("\n");
      throw new Error(`${(error as Error).message}\nthe console:\n${said}`, { cause: error });
    } finally {
      this.reader.kill();
    }
  }
}
