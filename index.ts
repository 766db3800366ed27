import { readRole } from "./config";
import { programs } from "./stacks";

export = programs[readRole()];
