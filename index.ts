import { readRole } from "./config";
import { programs } from "./stacks";

export = (): object => programs[readRole()]();
