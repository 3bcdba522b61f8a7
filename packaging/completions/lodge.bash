# bash completion for lodge(1). The lists are checked against the program's own table by the unit tests.

_lodge_commands='list dominfo domstate domid domuuid domname dumpxml domiflist domblklist
  define diff validate create undefine autostart
  start shutdown reboot reset suspend resume destroy
  attach-interface detach-interface attach-device detach-device update-device domif-setlink domif-getlink domiftune
  console event
  version capabilities operations operation
  xml help'
_lodge_globals='--connect --output --timeout --quiet --tls-ca --tls-cert --tls-key --tls-server-name --help --version'

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
    attach-interface) echo '--live --config --persistent --mac --target --model --alias --source-mode --unmanaged --inbound --outbound' ;;
    detach-interface) echo '--live --config --persistent --mac' ;;
    attach-device | detach-device | update-device | domif-setlink) echo '--live --config --persistent' ;;
    domif-getlink) echo '--config' ;;
    domiftune) echo '--live --config --persistent --inbound --outbound' ;;
    console) echo '--devname --force' ;;
    event) echo '--watch --count --initial' ;;
    capabilities) echo '--refresh' ;;
    operations) echo '--all' ;;
    xml) echo '--syntax --as' ;;
  esac
}

_lodge_forms() {
  case $1 in
    define) echo 'table xml json yaml name' ;;
    validate) echo 'table xml json yaml' ;;
    dumpxml | capabilities | xml) echo 'xml json yaml' ;;
    dominfo | domstate | diff | event | version | operation) echo 'table json yaml' ;;
    domid | domuuid | domname | undefine | domif-getlink | console | help) ;;
    *) echo 'table json yaml name' ;;
  esac
}

# Names of guests on the daemon that this command line addresses; nothing, and soon, if it does not answer.
_lodge_guests() {
  local guests
  guests=$(lodge "${_lodge_connection[@]}" --timeout 2 list --name "$@" 2>/dev/null) || return
  mapfile -t COMPREPLY < <(compgen -W "$guests" -- "$cur")
}

_lodge_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

_lodge() {
  local cur=${COMP_WORDS[COMP_CWORD]} command= operands=0 i word value
  local -a _lodge_connection=()
  COMPREPLY=()

  # Bash splits words at ':' and '='; an address is put together again.
  local -a words=()
  local joined=${COMP_LINE:0:COMP_POINT}
  read -ra words <<<"$joined"
  [[ $joined == *[[:space:]] ]] && words+=('')
  local last=$((${#words[@]} - 1))
  [[ ${words[last]} == *[:=]* ]] || cur=${words[last]}

  for ((i = 1; i < last; i++)); do
    word=${words[i]}
    case $word in
      -c | --connect | --tls-ca | --tls-cert | --tls-key | --tls-server-name)
        value=${words[i + 1]}
        ((i + 1 < last)) && _lodge_connection+=("$word" "$value")
        ((++i))
        ;;
      -o | --output | --timeout | --devname | --count) ((++i)) ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=$word; else ((++operands)); fi ;;
    esac
  done

  case ${words[last - 1]} in
    -c | --connect)
      mapfile -t COMPREPLY < <(compgen -W 'lodge+unix:///run/lodge/lodge.sock lodge+tls://' -- "${words[last]}")
      # What stands before the last ':' is on the line already.
      local colon=${words[last]%"${words[last]##*:}"}
      [[ -n $colon ]] && COMPREPLY=("${COMPREPLY[@]#"$colon"}")
      return
      ;;
    --tls-ca | --tls-cert | --tls-key) _lodge_files; return ;;
    -o | --output)
      mapfile -t COMPREPLY < <(compgen -W "$(_lodge_forms "${command:-list}")" -- "$cur")
      return
      ;;
    --as)
      mapfile -t COMPREPLY < <(compgen -W "domain network networkport pool volume nodedev interface nwfilter nwfilterbinding
        secret snapshot checkpoint backup capability domaincaps poolcaps cpu" -- "$cur")
      return
      ;;
    --timeout | --tls-server-name | --devname | --count | --mac | --target | --alias | --inbound | --outbound) return ;;
  esac

  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_lodge_options "$command") $_lodge_globals" -- "$cur")
    return
  fi
  case $command in
    '') mapfile -t COMPREPLY < <(compgen -W "$_lodge_commands" -- "$cur") ;;
    define | create | validate) ((operands == 0)) && _lodge_files ;;
    diff) if ((operands == 0)); then _lodge_guests --all; else _lodge_files; fi ;;
    attach-device | detach-device | update-device)
      if ((operands == 0)); then _lodge_guests --all; elif ((operands == 1)); then _lodge_files; fi
      ;;
    xml) _lodge_files ;;
    help) mapfile -t COMPREPLY < <(compgen -W "$_lodge_commands" -- "$cur") ;;
    operation)
      if ((operands == 0)); then
        mapfile -t COMPREPLY < <(compgen -W 'show wait cancel' -- "$cur")
      elif ((operands == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "$(lodge "${_lodge_connection[@]}" --timeout 2 operations --all -o name \
          2>/dev/null)" -- "$cur")
      fi
      ;;
    start) ((operands == 0)) && _lodge_guests --inactive ;;
    shutdown | reboot | reset | suspend | resume | destroy | console) ((operands == 0)) && _lodge_guests ;;
    dominfo | domstate | domid | domuuid | domname | dumpxml | domiflist | domblklist | undefine | autostart | event | \
      attach-interface | detach-interface | domif-setlink | domif-getlink | domiftune)
      ((operands == 0)) && _lodge_guests --all
      ;;
  esac
}

complete -F _lodge lodge
