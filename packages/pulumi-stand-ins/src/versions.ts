/** The vendor's versions that the stand-ins reproduce. */
export const versions = {
  /** The CLI that the language hosts belong to. */
  pulumi: "3.248.0",
  command: "1.2.1",
  random: "4.18.2",
};
