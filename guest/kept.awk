# One line for each kept desired state of the input files: its file, lab and step, then what is at each path of `paths` (words with
# spaces between), with commas between the entries of a list and "-" for nothing. "remotes.*.port" is the port of every remote.

BEGIN { json_root = "state"; n = split(paths, path, " ") }

FNR == 1 {
  if (json_read($0) != "") next
  line = FILENAME " " word("lab") " " word("id")
  for (i = 1; i <= n; i++) line = line " " word(path[i])
  print line
}

function word(at,   star, i, text, list) {
  star = index(at, ".*")
  list = star ? substr(at, 1, star - 1) : at
  if (!(list in json_size)) text = plain_word(json_value[at])
  else for (i = 0; i < json_size[list]; i++)
    text = text (i ? "," : "") plain_word(json_value[list "." i (star ? substr(at, star + 2) : "")])
  return text == "" ? "-" : text
}

# Names and addresses have no other characters.
function plain_word(text) { gsub(/[^A-Za-z0-9_.:\/@-]/, "?", text); return text }
