# bash completion for lodge(1). The lists are checked against the program's own table by the unit tests.
# An option that takes a value ends with = in them.

_lodge_commands='list dominfo domstate domid domuuid domname dumpxml domiflist domblklist
  define diff validate create undefine autostart
  start shutdown reboot reset suspend resume destroy
  attach-interface detach-interface attach-device detach-device update-device domif-setlink domif-getlink domiftune
  migrate migrations
  console event
  version capabilities operations operation
  access project policy
  remote pki
  claims doctor
  xml help'
_lodge_globals='--connect= --remote= --project= --output= --timeout= --quiet --tls-ca= --tls-cert= --tls-key= --tls-server-name= --help --version'

_lodge_options() {
  case $1 in
    list) echo '--all --inactive --name --uuid --id' ;;
    domstate) echo '--reason' ;;
    dumpxml) echo '--inactive --migratable --security-info' ;;
    domiflist) echo '--inactive' ;;
    domblklist) echo '--inactive --details' ;;
    define) echo '--dry-run' ;;
    create) echo '--paused --console' ;;
    autostart) echo '--disable' ;;
    start) echo '--paused --console --no-wait' ;;
    shutdown) echo '--wait' ;;
    destroy) echo '--graceful' ;;
    attach-interface) echo '--live --config --persistent --mac= --target= --model= --alias= --source-mode= --unmanaged --inbound= --outbound=' ;;
    detach-interface) echo '--live --config --persistent --mac=' ;;
    attach-device | detach-device | update-device | domif-setlink) echo '--live --config --persistent' ;;
    domif-getlink) echo '--config' ;;
    domiftune) echo '--live --config --persistent --inbound= --outbound=' ;;
    migrate) echo '--to= --via= --persistent --undefine-source --bandwidth= --downtime= --verbose --abort --force' ;;
    console) echo '--devname= --force' ;;
    event) echo '--watch --count= --initial' ;;
    capabilities) echo '--refresh' ;;
    operations) echo '--all' ;;
    validate) echo '--as=' ;;
    remote) echo '--valid= --role= --address= --none --force' ;;
    pki) echo '--folder= --host= --days= --out= --reason= --force' ;;
    claims) echo '--guest= --kind=' ;;
    doctor) echo '--fix --ledger=' ;;
    xml) echo '--syntax --as=' ;;
  esac
}

_lodge_forms() {
  case $1 in
    define) echo 'table xml json yaml name' ;;
    validate) echo 'table xml json yaml' ;;
    dumpxml | capabilities | xml) echo 'xml json yaml' ;;
    dominfo | domstate | diff | event | version | operation | access | project | migrations | doctor) echo 'table json yaml' ;;
    domid | domuuid | domname | undefine | domif-getlink | console | policy | pki | help) ;;
    *) echo 'table json yaml name' ;;
  esac
}

# Whether option $2 of command $1 takes a value.
_lodge_takes_value() { [[ " $(_lodge_options "$1") $_lodge_globals -c= -r= -o= " == *" $2= "* ]]; }

# What an operand can only be, by its command and its place.
_lodge_choices() {
  case $1 in
    attach-interface:1 | detach-interface:1) echo 'direct bridge ethernet user network' ;;
    domif-setlink:2) echo 'up down' ;;
    operation:0) echo 'show wait cancel' ;;
    policy:0) echo 'show reload' ;;
    remote:0) echo 'token add list remove default clients forget' ;;
    pki:0) echo 'init issue-server issue-client revoke show check' ;;
  esac
}

# Names of guests on the daemon that this command line addresses; nothing, and soon, if it does not answer.
_lodge_guests() {
  local name
  while IFS= read -r name; do
    [[ $name == "$cur"* ]] && COMPREPLY+=("$(printf %q "$name")")
  done < <(lodge "${_lodge_connection[@]}" --timeout 2 list --name "$@" 2>/dev/null)
}

_lodge_remotes() {
  local folder=${XDG_CONFIG_HOME:-$HOME/.config}/lodge/remotes
  [[ -d $folder ]] && ls "$folder"
}

_lodge_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

_lodge() {
  local cur=${COMP_WORDS[COMP_CWORD]} command= operands=0 i word value
  local -a _lodge_connection=()
  COMPREPLY=()

  # Bash splits words at ':' and '='; an address is put together again. A backslash before a blank keeps a name together.
  local -a words=()
  local joined=${COMP_LINE:0:COMP_POINT}
  # shellcheck disable=SC2162
  read -a words <<<"$joined"
  [[ $joined == *[[:space:]] ]] && words+=('')
  local last=$((${#words[@]} - 1))
  [[ ${words[last]} == *[:=]* ]] || cur=${words[last]}

  for ((i = 1; i < last; i++)); do
    word=${words[i]}
    case $word in
      -c | --connect | -r | --remote | --project | --tls-ca | --tls-cert | --tls-key | --tls-server-name)
        value=${words[i + 1]}
        ((i + 1 < last)) && _lodge_connection+=("$word" "$value")
        ((++i))
        ;;
      -*) _lodge_takes_value "$command" "$word" && ((++i)) ;;
      *) if [[ -z $command ]]; then command=$word; else ((++operands)); fi ;;
    esac
  done

  case ${words[last - 1]} in
    -c | --connect | --to)
      mapfile -t COMPREPLY < <(compgen -W 'lodge+unix:///run/lodge/lodge.sock lodge+tls://' -- "${words[last]}")
      # What stands before the last ':' is on the line already.
      local colon=${words[last]%"${words[last]##*:}"}
      [[ -n $colon ]] && COMPREPLY=("${COMPREPLY[@]#"$colon"}")
      return
      ;;
    -r | --remote) mapfile -t COMPREPLY < <(compgen -W "$(_lodge_remotes)" -- "$cur"); return ;;
    --tls-ca | --tls-cert | --tls-key | --folder | --out) _lodge_files; return ;;
    -o | --output)
      mapfile -t COMPREPLY < <(compgen -W "$(_lodge_forms "${command:-list}")" -- "$cur")
      return
      ;;
    --as)
      mapfile -t COMPREPLY < <(compgen -W "domain network networkport pool volume nodedev interface nwfilter nwfilterbinding
        secret snapshot checkpoint backup capability domaincaps poolcaps cpu cpumap" -- "$cur")
      return
      ;;
    --source-mode)
      mapfile -t COMPREPLY < <(compgen -W 'vepa private bridge passthrough' -- "$cur")
      return
      ;;
    --guest) _lodge_guests --all; return ;;
    --kind) mapfile -t COMPREPLY < <(compgen -W 'link process folder cgroup port file pci table association' -- "$cur"); return ;;
    -*) _lodge_takes_value "$command" "${words[last - 1]}" && return ;;
  esac

  if [[ $cur == -* ]]; then
    local options
    options="$(_lodge_options "$command") $_lodge_globals"
    mapfile -t COMPREPLY < <(compgen -W "${options//=/}" -- "$cur")
    return
  fi
  local choices
  choices=$(_lodge_choices "$command:$operands")
  if [[ -n $choices ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$cur")
    return
  fi
  case $command in
    '') mapfile -t COMPREPLY < <(compgen -W "$_lodge_commands" -- "$cur") ;;
    define | create | validate) ((operands == 0)) && _lodge_files ;;
    diff) if ((operands == 0)); then _lodge_guests --all; else _lodge_files; fi ;;
    attach-device | detach-device | update-device)
      if ((operands == 0)); then _lodge_guests --all; elif ((operands == 1)); then _lodge_files; fi
      ;;
    remote)
      ((operands == 1)) && mapfile -t COMPREPLY < <(compgen -W "$(_lodge_remotes)" -- "$cur")
      ;;
    pki | xml) _lodge_files ;;
    help) mapfile -t COMPREPLY < <(compgen -W "$_lodge_commands" -- "$cur") ;;
    operation)
      if ((operands == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "$(lodge "${_lodge_connection[@]}" --timeout 2 operations --all -o name \
          2>/dev/null)" -- "$cur")
      fi
      ;;
    start) ((operands == 0)) && _lodge_guests --inactive ;;
    shutdown | reboot | reset | suspend | resume | destroy | console | migrate) ((operands == 0)) && _lodge_guests ;;
    dominfo | domstate | domid | domuuid | domname | dumpxml | domiflist | domblklist | undefine | autostart | event | \
      attach-interface | detach-interface | domif-setlink | domif-getlink | domiftune)
      ((operands == 0)) && _lodge_guests --all
      ;;
  esac
}

complete -F _lodge lodge
