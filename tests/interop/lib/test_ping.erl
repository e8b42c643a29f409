%% SPDX-License-Identifier: Apache-2.0
%% Expressions for file:eval/2: from each host of Pairs pings a domain once the file Begin appears, and notes in Results what
%% came of it.
Wait = fun Wait() -> case filelib:is_file(Begin) of true -> ok; false -> timer:sleep(200), Wait() end end,
Ping = fun({Host, Target}) ->
    Text = <<"<iq xmlns='jabber:client' type='get' id='test' from='", Host/binary, "' to='", Target/binary,
             "'><ping xmlns='urn:xmpp:ping'/></iq>">>,
    Iq = xmpp:decode(fxml_stream:parse_element(Text), <<"jabber:client">>, []),
    timer:sleep(Pace),
    ejabberd_router:route_iq(xmpp:set_from_to(Iq, jid:make(Host), jid:make(Target)), Host, self(), 3600000)
end,
Word = fun(timeout) -> <<"timeout">>;
    (Answer) -> case xmpp:get_type(Answer) of
        result -> <<"answered">>;
        error -> io_lib:format("~0p", [element(4, xmpp:get_error(Answer))])
    end
end,
Note = fun Note() -> receive
    {iq_reply, Answer, Host} -> file:write_file(Results, [Host, $\s, Word(Answer), $\n], [append]), Note();
    _ -> Note()
end end,
spawn(fun() -> Wait(), lists:foreach(Ping, Pairs), Note() end).
