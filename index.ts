import { readRole } from "./config";
import { programs } from "./stacks";

export = (): Promise<object> => programs[readRole()]();
