# bash completion for trunkctl, as `trunkctl completion bash` prints it
_trunkctl() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= words= i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c | -s) ((i++)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $previous in
	-c | -s) COMPREPLY=($(compgen -f -- "$current")); return ;;
	--for) [[ $command == guide ]] && COMPREPLY=($(compgen -W "prosody ejabberd openfire unbound dnsmasq bind hosts" -- "$current")); return ;;
	esac
	case $command in
	"") words="-c -s --json status spokes streams probe failures trace explain policy rules reload close block unblock blocks queue drain undrain maintenance secret audit check show ca guide import help completion" ;;
	status) words="" ;;
	spokes) words="" ;;
	streams) words="--long " ;;
	probe) words="--as " ;;
	failures) words="--retry " ;;
	trace) words="--seconds --bodies " ;;
	explain) words="--from --to --stanza --offline " ;;
	policy) words="--limit diff" ;;
	rules) words="" ;;
	reload) words="" ;;
	close) words="" ;;
	block) words="--for " ;;
	unblock) words="" ;;
	blocks) words="" ;;
	queue) words="pause resume release drop bounce" ;;
	drain) words="" ;;
	undrain) words="" ;;
	maintenance) words="on off" ;;
	secret) words="show-id rotate export import" ;;
	audit) words="--since --until --from --to --decision --rule --limit --follow verify export" ;;
	check) words="" ;;
	show) words="options schema man" ;;
	ca) words="--permit --any init show issue export" ;;
	guide) words="--for --address --resolver --authority " ;;
	import) words="openfire" ;;
	help) words="" ;;
	completion) words="bash" ;;
	esac
	COMPREPLY=($(compgen -W "$words --json" -- "$current"))
	case $command in
	check | import) COMPREPLY+=($(compgen -f -- "$current")) ;;
	help) COMPREPLY+=($(compgen -W "status spokes streams probe failures trace explain policy rules reload close block unblock blocks queue drain undrain maintenance secret audit check show ca guide import help completion " -- "$current")) ;;
	esac
}
complete -F _trunkctl trunkctl
